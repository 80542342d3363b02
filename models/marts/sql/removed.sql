/*
What a system had and has no more, by the business fact that it was of.

grain: role, entity, item_key

    role      VARCHAR      -    erp, crm, psa or ppm
    entity    VARCHAR      -    time_entry, expense, contract or budget
    item_key  VARCHAR      -    the item's key, the project's code
    at        TIMESTAMPTZ  UTC  when the system was first read without it
*/

-- removed: by the key without what a system adds to it
CREATE OR REPLACE TABLE derived.state.removed AS
SELECT
    role,
    CASE entity WHEN 'project' THEN 'contract' ELSE entity END AS entity,
    CASE
        WHEN role = 'erp' THEN regexp_replace(regexp_replace(key, '-v[0-9]+(-R)?$', ''), '^CT-', '')
        ELSE key
    END AS item_key,
    max(observed_at) AS at
FROM derived.state.absent
WHERE role <> 'erp' OR entity <> 'project'
GROUP BY ALL;
