-- projects: each project's margin over the chosen months, and how many entries may each be rounded
WITH counted AS (
    SELECT project_key, count(*)::BIGINT AS entries FROM mart_work
    WHERE kind <> 'milestone' AND state <> 'not_approved' AND work_date >= $since::DATE GROUP BY project_key
)
SELECT m.project_key, any_value(m.name) AS name, any_value(m.customer_name) AS customer_name,
       any_value(m.legal_entity) AS legal_entity, any_value(m.service_line) AS service_line,
       coalesce(sum(m.revenue_reporting), 0) AS revenue, coalesce(sum(m.cost_reporting), 0) AS cost,
       coalesce(sum(m.margin_reporting), 0) AS margin, coalesce(sum(m.psa_margin_reporting), 0) AS psa_margin,
       coalesce(sum(m.erp_margin_reporting), 0) AS erp_margin, coalesce(sum(m.difference_reporting), 0) AS difference,
       coalesce(sum(abs(m.difference_reporting)), 0) AS disagreement, max(m.target_margin) AS target_margin,
       coalesce(any_value(c.entries), 0) AS entries
FROM mart_margin m LEFT JOIN counted c USING (project_key)
WHERE m.month >= $since::DATE
GROUP BY m.project_key
ORDER BY revenue DESC, m.project_key

-- months: margin by month
SELECT month, coalesce(sum(revenue_reporting), 0) AS revenue, sum(margin_reporting) AS margin,
       sum(revenue_reporting * target_margin) FILTER (target_margin IS NOT NULL) AS target,
       sum(revenue_reporting) FILTER (target_margin IS NOT NULL) AS target_revenue
FROM mart_margin
WHERE month >= $since::DATE
GROUP BY month
ORDER BY month
