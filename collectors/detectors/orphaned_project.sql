-- missing: sold at least a day ago, and still not in a system that must have it, with no set-up on its way
-- What a system's list of projects was before the last set-up ended says nothing of what that made, and one that was
-- not read since the sale nothing at all. It is the system that has the other projects of its company, else any.
WITH list AS (
    SELECT role, system, read_until
    FROM mart_source
    WHERE entity = 'project' AND role IN ('erp', 'psa', 'ppm')
), of_role AS (
    SELECT
        role,
        min(system) AS system,
        CASE WHEN bool_and(read_until IS NOT NULL) THEN min(read_until) END AS read_until
    FROM list
    GROUP BY role
), of_company AS (
    SELECT role, legal_entity, mode(system) AS system
    FROM mart_state_project
    WHERE role IN ('erp', 'psa', 'ppm') AND legal_entity IS NOT NULL
    GROUP BY role, legal_entity
)
SELECT
    p.*,
    m.role,
    coalesce(l.system, m.system) AS system,
    p.contract_value - coalesce(b.billed, 0) AS unbilled,
    coalesce(p.gone_at, p.closed_won_at) AS since,
    m.role = 'erp' AND EXISTS (
        SELECT 1
        FROM mart_work w
        WHERE w.project_key = p.project_key AND w.blocker IN ('project-missing', 'project-unsold')
    ) AS work_waits,
    u.run_id AS set_up_run
FROM mart_project p
LEFT JOIN set_ups u ON u.business_key = 'project:' || p.project_key AND u.state = 'settled'
LEFT JOIN (
    SELECT project_key, currency, sum(bill_amount) AS billed FROM mart_work WHERE state = 'billed' GROUP BY ALL
) b ON b.project_key = p.project_key AND b.currency = p.currency
CROSS JOIN of_role m
LEFT JOIN of_company c ON c.role = m.role AND c.legal_entity = p.legal_entity
LEFT JOIN list l ON l.role = c.role AND l.system = c.system
WHERE p.in_crm
    AND p.closed_won_at < {now} - INTERVAL 1 DAY
    AND p.closed_won_at < CASE WHEN l.system IS NULL THEN m.read_until ELSE l.read_until END - INTERVAL 1 DAY
    AND coalesce(u.updated_at < CASE WHEN l.system IS NULL THEN m.read_until ELSE l.read_until END, true)
    AND coalesce(p.status_crm, 'active') = 'active'
    AND NOT CASE m.role WHEN 'erp' THEN p.in_erp WHEN 'psa' THEN p.in_psa ELSE p.in_ppm END
    AND NOT EXISTS (
        SELECT 1
        FROM open_runs r
        WHERE r.flow = 'quote-to-project'
            AND r.business_key = 'project:' || p.project_key
            AND r.state IN ('waiting', 'dead', 'ready', 'running', 'in_doubt')
    );
