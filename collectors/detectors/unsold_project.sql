-- work: approved or refused on a project that nobody sold; its sale is given a day to arrive, once and not for each
-- entry; work on no project has a day of its own
SELECT w.* REPLACE (greatest(w.blocked_since, p.closed_won_at) AS blocked_since), p.name AS project_name
FROM mart_work w
LEFT JOIN mart_project p USING (project_key)
WHERE w.blocker = 'project-unsold'
QUALIFY min(coalesce(w.approved_at, w.blocked_since)) OVER (
    PARTITION BY coalesce(w.project_key, w.item_key)
) < {now} - INTERVAL 1 DAY;

-- project: people can book time on it, and nobody sold it
SELECT p.*, s.system, s.since
FROM mart_project p
JOIN (
    SELECT key, min(system) AS system, min(first_seen) AS since
    FROM mart_state_project
    WHERE role IN ('psa', 'erp')
    GROUP BY key
) s ON s.key = p.project_key
WHERE NOT p.in_crm
    -- A sale that got another code stands behind it still.
    AND p.renamed_to IS NULL
    AND EXISTS (SELECT 1 FROM mart_project q WHERE q.in_crm)
    AND s.since < {now} - INTERVAL 1 DAY
    AND coalesce(p.status_psa, p.status_erp) IN ('active', 'planned');
