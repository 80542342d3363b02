/*
Projects the ERP knows, over all its instances. One that it refused as unknown after it was seen there last is gone:
its next full reading only confirms that.

grain: key

    key     VARCHAR  -  the project's code
    system  VARCHAR  -  the first of the ERPs that have it
    status  VARCHAR  -  in the ERP's words
*/

-- erp_project: projects the ERP knows, over all its instances
CREATE OR REPLACE TABLE derived.state.erp_project AS
WITH refused AS (
    SELECT w.project_code AS key, r.system, max(r.updated_at) AS refused_at
    FROM derived.state.item_run r
    JOIN derived.state.work_item w
        ON w.item_key = r.item_key
        AND r.business_key = CASE w.kind WHEN 'time' THEN 'time_entry:' ELSE 'expense:' END || w.item_key
    WHERE r.state = 'dead' AND r.error_code IN ('project-not-found', 'project-unknown')
    GROUP BY ALL
)
SELECT p.key, min(p.system) AS system, min(p.status) AS status
FROM derived.state.project p
LEFT JOIN refused f ON f.key = p.key AND f.system = p.system
LEFT JOIN extracts e ON e.system = p.system AND e.entity = 'project'
WHERE p.role = 'erp' AND coalesce(f.refused_at <= greatest(p.observed_at, e.swept_at), true)
GROUP BY p.key;
