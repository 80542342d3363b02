-- forecasts: each project at its completion
SELECT project_key, name, customer_name, legal_entity, service_line, fixed, sold_revenue,
       sold_cost, sold_hours, sold_rate,
       sold_cost_rate, hours, billable_hours, hours_to_complete, revenue_at_completion AS revenue,
       cost_at_completion AS cost,
       margin_at_completion AS margin, complete, planned, baseline_ends_on, forecast_ends_on, slip_days, erosion,
       erosion_rate AS rate, erosion_mix AS mix, erosion_hours AS overrun, erosion_unbilled AS unbilled,
       erosion_written_off AS written_off, erosion_unexplained AS unexplained, items, open_items
FROM mart_forecast
ORDER BY erosion DESC, project_key

-- people: hours of each person on a project at which rates, beside those they were sold at
WITH sold AS (
    SELECT project_key, legal_entity, fixed, sold_rate, sold_cost_rate FROM mart_forecast WHERE project_key = $project
)
SELECT w.resource_key AS person,
       sum(w.hours) AS hours,
       coalesce(sum(w.hours) FILTER (w.billable), 0) AS billable_hours,
       coalesce(sum(w.bill_reporting) FILTER (w.state <> 'written_off'), 0) AS bill,
       coalesce(sum(w.cost_reporting), 0) AS cost,
       CASE WHEN any_value(s.fixed) THEN 0::DECIMAL(18,2)
            ELSE (coalesce(sum(w.hours * s.sold_rate) FILTER (w.billable), 0) - sum(w.bill_reporting))::DECIMAL(18,2)
       END AS rate,
       (sum(w.cost_reporting) - sum(w.hours * s.sold_cost_rate))::DECIMAL(18,2) AS mix,
       CASE WHEN any_value(s.fixed) THEN 0::DECIMAL(18,2)
            ELSE coalesce(sum(w.hours * s.sold_rate) FILTER (NOT w.billable), 0)::DECIMAL(18,2)
       END AS unbilled,
       CASE WHEN any_value(s.fixed) THEN 0::DECIMAL(18,2)
            ELSE coalesce(sum(w.bill_reporting) FILTER (w.state = 'written_off'), 0)::DECIMAL(18,2)
       END AS written_off
FROM mart_work w JOIN sold s ON s.project_key = w.project_key
WHERE w.kind = 'time' AND w.state <> 'not_approved'
GROUP BY w.resource_key
ORDER BY abs(rate) + abs(mix) + unbilled + written_off DESC, person

-- entries: what each entry took from the margin as sold, the most first
WITH sold AS (
    SELECT project_key, legal_entity, fixed, sold_rate, sold_cost_rate FROM mart_forecast WHERE project_key = $project
)
SELECT w.item_key, w.kind, w.resource_key AS person, w.work_date, w.hours, w.billable,
       CASE WHEN w.state = 'written_off' THEN 0::DECIMAL(18,2) ELSE w.bill_reporting END AS bill,
       w.cost_reporting AS cost, w.state, w.blocker,
       CASE WHEN s.fixed OR w.kind <> 'time' OR NOT w.billable THEN 0::DECIMAL(18,2)
            ELSE (w.hours * s.sold_rate - w.bill_reporting)::DECIMAL(18,2) END AS rate,
       CASE WHEN w.kind <> 'time' THEN 0::DECIMAL(18,2)
            ELSE (w.cost_reporting - w.hours * s.sold_cost_rate)::DECIMAL(18,2) END AS mix,
       CASE WHEN s.fixed OR w.kind <> 'time' OR w.billable THEN 0::DECIMAL(18,2)
            ELSE (w.hours * s.sold_rate)::DECIMAL(18,2) END AS unbilled,
       CASE WHEN w.kind = 'expense' THEN (w.cost_reporting - w.bill_reporting)::DECIMAL(18,2)
            ELSE 0::DECIMAL(18,2) END AS unpaid,
       CASE WHEN w.state <> 'written_off' OR (s.fixed AND w.kind = 'time') THEN 0::DECIMAL(18,2)
            ELSE w.bill_reporting END AS written_off,
       count(*) OVER ()::BIGINT AS of_all
FROM mart_work w JOIN sold s ON s.project_key = w.project_key
WHERE w.kind <> 'milestone' AND w.state <> 'not_approved'
ORDER BY coalesce(rate, 0) + coalesce(mix, 0) + unbilled + coalesce(unpaid, 0) + coalesce(written_off, 0) DESC,
         w.item_key
LIMIT $limit OFFSET $offset
