-- projects: each project's margin over the chosen months, and how many entries may each be rounded
WITH counted AS (
    SELECT project_key, count(*)::BIGINT AS entries FROM mart_work
    WHERE kind <> 'milestone' AND state <> 'not_approved' AND work_date >= $since::DATE GROUP BY project_key
)
SELECT m.project_key, any_value(m.name) AS name, any_value(m.customer_name) AS customer_name, any_value(m.legal_entity) AS legal_entity,
       any_value(m.service_line) AS service_line, sum(m.revenue_reporting) AS revenue, sum(m.cost_reporting) AS cost, sum(m.margin_reporting) AS margin,
       sum(m.psa_margin_reporting) AS psa_margin, sum(m.erp_margin_reporting) AS erp_margin, sum(m.difference_reporting) AS difference,
       sum(abs(m.difference_reporting)) AS disagreement, max(m.target_margin) AS target_margin, coalesce(any_value(c.entries), 0) AS entries
FROM mart_margin m LEFT JOIN counted c USING (project_key)
WHERE m.month >= $since::DATE
  AND (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], m.legal_entity))
GROUP BY m.project_key
ORDER BY revenue DESC

-- months: margin by month
SELECT month, sum(revenue_reporting) AS revenue, sum(cost_reporting) AS cost, sum(margin_reporting) AS margin,
       sum(revenue_reporting * target_margin) FILTER (target_margin IS NOT NULL) AS target,
       sum(revenue_reporting) FILTER (target_margin IS NOT NULL) AS target_revenue,
       sum(abs(difference_reporting)) AS disagreement
FROM mart_margin
WHERE month >= $since::DATE
  AND (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
GROUP BY month
ORDER BY month

-- rates: exchange rates behind the reporting currency
SELECT currency, rate, as_of FROM mart_fx ORDER BY currency
