-- missing: sold at least a day ago, and still not in a system that must have it, with no set-up on its way
-- What a system showed before the last set-up ended says nothing of what that made.
SELECT
    p.*,
    m.role,
    m.system,
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
CROSS JOIN (
    SELECT role, min(system) AS system, max(observed_at) AS seen_at
    FROM mart_state_system
    WHERE role IN ('erp', 'psa', 'ppm')
    GROUP BY role
) m
WHERE p.in_crm
    AND p.closed_won_at < least({now}, m.seen_at) - INTERVAL 1 DAY
    AND coalesce(u.updated_at < m.seen_at, true)
    AND coalesce(p.status_crm, 'active') = 'active'
    AND NOT CASE m.role WHEN 'erp' THEN p.in_erp WHEN 'psa' THEN p.in_psa ELSE p.in_ppm END
    AND NOT EXISTS (
        SELECT 1
        FROM open_runs r
        WHERE r.flow = 'quote-to-project'
            AND r.business_key = 'project:' || p.project_key
            AND r.state IN ('waiting', 'dead', 'ready', 'running', 'in_doubt')
    );
