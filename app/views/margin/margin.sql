-- projects: each project's margin over the chosen months
SELECT project_key, any_value(name) AS name, any_value(customer_name) AS customer_name, any_value(legal_entity) AS legal_entity,
       any_value(service_line) AS service_line, sum(revenue_reporting) AS revenue, sum(cost_reporting) AS cost, sum(margin_reporting) AS margin,
       sum(psa_margin_reporting) AS psa_margin, sum(erp_margin_reporting) AS erp_margin, sum(difference_reporting) AS difference,
       sum(abs(difference_reporting)) AS disagreement, max(target_margin) AS target_margin
FROM mart_margin
WHERE month >= $since::DATE
  AND (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
GROUP BY project_key
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
