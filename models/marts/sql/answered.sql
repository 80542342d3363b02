/*
When a system first took each project.

grain: business_key, system

    business_key  VARCHAR      -    the project as runs call it
    system        VARCHAR      -    the one that took it
    first_at      TIMESTAMPTZ  UTC  when it first said so
*/

-- make: what was heard is kept
CREATE TABLE IF NOT EXISTS derived.state.answered ({columns});

-- answered: a first answer stays the first
CREATE OR REPLACE TABLE derived.state.answered AS
SELECT business_key, system, min(first_at) AS first_at
FROM (
    SELECT * FROM derived.state.answered
    UNION ALL
    SELECT business_key, system, occurred_at
    FROM records
    WHERE batch_id > {mark} AND kind = 'acknowledgement' AND entity = 'project' AND business_key LIKE 'project:%'
)
GROUP BY ALL;
