-- states: unbilled and billed work by state and primary blocker
SELECT state, blocker, blocker_owner, sum(items)::BIGINT AS items, sum(bill_reporting) AS bill_reporting, max(oldest_days) AS oldest_days
FROM mart_billing
WHERE (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
  AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], legal_entity))
GROUP BY ALL
ORDER BY bill_reporting DESC

-- ages: unbilled chargeable value by age of the work and by state
SELECT state, CASE WHEN age_days <= 30 THEN 0 WHEN age_days <= 60 THEN 1 WHEN age_days <= 90 THEN 2 ELSE 3 END AS bucket,
       count(*)::BIGINT AS items, sum(bill_reporting) AS bill_reporting
FROM mart_work
WHERE state <> 'billed' AND billable
  AND (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
  AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], legal_entity))
GROUP BY ALL
ORDER BY bucket, state

-- by_legal_entity: states of each legal entity
SELECT legal_entity AS key, legal_entity AS name, state, sum(items)::BIGINT AS items, sum(bill_reporting) AS bill_reporting, max(oldest_days) AS oldest_days
FROM mart_billing
WHERE (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
  AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], legal_entity))
GROUP BY ALL

-- by_service_line: states of each service line
SELECT service_line AS key, service_line AS name, state, sum(items)::BIGINT AS items, sum(bill_reporting) AS bill_reporting, max(oldest_days) AS oldest_days
FROM mart_billing
WHERE (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
  AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], legal_entity))
GROUP BY ALL

-- by_customer: states of each customer
SELECT b.customer_key AS key, any_value(coalesce(p.customer_name, b.customer_key)) AS name, b.state,
       sum(items)::BIGINT AS items, sum(bill_reporting) AS bill_reporting, max(oldest_days) AS oldest_days
FROM mart_billing b LEFT JOIN mart_project p USING (project_key)
WHERE (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], b.legal_entity))
  AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], b.legal_entity))
GROUP BY b.customer_key, b.state

-- by_project: states of each project
SELECT b.project_key AS key, any_value(coalesce(p.name, b.project_key)) AS name, b.state,
       sum(items)::BIGINT AS items, sum(bill_reporting) AS bill_reporting, max(oldest_days) AS oldest_days
FROM mart_billing b LEFT JOIN mart_project p USING (project_key)
WHERE (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], b.legal_entity))
  AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], b.legal_entity))
GROUP BY b.project_key, b.state

-- reconciliation: hours and value in the PSA against the ERP, with what explains the difference
SELECT legal_entity, project_key, psa_hours, erp_hours, difference_hours, psa_reporting, erp_reporting, explained_reporting, unexplained_reporting
FROM mart_reconciliation
WHERE (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
  AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], legal_entity))
ORDER BY abs(unexplained_reporting) DESC, abs(psa_reporting - erp_reporting) DESC, project_key
LIMIT 200

-- balance: the reconciliation's totals
SELECT count(*)::BIGINT AS projects, sum(psa_hours) AS psa_hours, sum(erp_hours) AS erp_hours, sum(psa_reporting) AS psa_reporting,
       sum(erp_reporting) AS erp_reporting, sum(explained_reporting) AS explained_reporting, sum(unexplained_reporting) AS unexplained_reporting
FROM mart_reconciliation
WHERE (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
  AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], legal_entity))
HAVING count(*) > 0

-- firms: legal entities to choose from
SELECT DISTINCT legal_entity FROM mart_billing
WHERE legal_entity IS NOT NULL AND (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
ORDER BY legal_entity

-- rates: exchange rates behind the reporting currency
SELECT currency, rate, as_of FROM mart_fx ORDER BY currency

-- targets: figures of billing that have a target
SELECT name, value, unit, target, as_of, n FROM mart_kpi ORDER BY name

-- unbilled: every unbilled item with its one reason, for export
SELECT item_key, kind, state, blocker, blocker_owner, legal_entity, service_line, customer_key, customer_name, project_key, resource_key,
       charge_code, work_date, submitted_at, approved_at, posted_at, hours, bill_amount, currency, bill_reporting, age_days, run_id
FROM mart_work
WHERE state <> 'billed' AND billable
  AND (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
  AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], legal_entity))
ORDER BY bill_reporting DESC
LIMIT 200000
