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
