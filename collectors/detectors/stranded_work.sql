-- blocked: work that cannot be posted or billed because the ERP has no such project
-- A refusal may tell of a deletion before the next snapshot does.
SELECT
    -- What the ERP had taken is held back since its project went, not since it was approved.
    w.* REPLACE (
        greatest(
            w.blocked_since, p.closed_won_at, CASE WHEN w.posted_at IS NOT NULL THEN p.gone_at END
        ) AS blocked_since
    ),
    p.name AS project_name,
    p.in_erp,
    p.renamed_to,
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
WHERE w.blocker = 'project-missing';
