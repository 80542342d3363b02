-- blocked: work that cannot be posted or billed because the ERP has no such project, or nobody sold it
-- A sale is given a day to arrive. A refusal may tell of a deletion before the next snapshot does.
SELECT
    w.* REPLACE (greatest(w.blocked_since, p.closed_won_at) AS blocked_since),
    p.name AS project_name,
    p.in_erp,
    p.in_psa,
    CASE
        WHEN p.gone_at IS NOT NULL THEN least(
            p.gone_at,
            min(w.blocked_since) FILTER (
                WHERE w.error_code = 'project-not-found' AND w.blocked_since > p.closed_won_at
            ) OVER (PARTITION BY w.project_key)
        )
    END AS gone_at,
    s.state AS setup_state,
    s.waiting_because AS setup_waits,
    s.error_message AS setup_error,
    u.run_id AS set_up_run
FROM mart_work w
LEFT JOIN mart_project p USING (project_key)
LEFT JOIN (
    SELECT
        business_key,
        any_value(state) AS state,
        any_value(waiting_because) AS waiting_because,
        any_value(error_message) AS error_message
    FROM open_runs
    WHERE flow = 'quote-to-project' AND state IN ('waiting', 'dead')
    GROUP BY business_key
) s ON s.business_key = 'project:' || w.project_key
LEFT JOIN set_ups u ON u.business_key = 'project:' || w.project_key AND u.state = 'settled'
WHERE w.blocker = 'project-missing'
    OR (w.blocker = 'project-unsold' AND coalesce(w.approved_at, w.blocked_since) < {now} - INTERVAL 1 DAY);

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

-- unsold: people can book time on it, and nobody sold it
SELECT p.*, s.system, s.since
FROM mart_project p
JOIN (
    SELECT key, min(system) AS system, min(first_seen) AS since
    FROM mart_state_project
    WHERE role IN ('psa', 'erp')
    GROUP BY key
) s ON s.key = p.project_key
WHERE NOT p.in_crm
    AND EXISTS (SELECT 1 FROM mart_project q WHERE q.in_crm)
    AND s.since < {now} - INTERVAL 1 DAY
    AND coalesce(p.status_psa, p.status_erp) IN ('active', 'planned');

-- status: closed or cancelled in one system and open in another
SELECT p.*, s.since
FROM mart_project p
JOIN (
    SELECT key, max(observed_at) AS since
    FROM mart_state_project
    WHERE role IN ('crm', 'erp', 'psa')
    GROUP BY key
) s ON s.key = p.project_key
WHERE (
        coalesce(status_crm, '') IN ('closed', 'cancelled')
        OR coalesce(status_erp, '') IN ('closed', 'cancelled')
        OR coalesce(status_psa, '') IN ('closed', 'cancelled')
    )
    AND (coalesce(status_erp, '') = 'active' OR coalesce(status_psa, '') = 'active');
