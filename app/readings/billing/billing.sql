-- states: unbilled and billed work by state and primary blocker
SELECT state, blocker, blocker_owner,
       sum(items)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting, max(oldest_days) AS oldest_days
FROM mart_billing
GROUP BY ALL
ORDER BY bill_reporting DESC, state, blocker

-- ages: unbilled chargeable value by age of the work (bucket 0: up to 30 days, 1: 60, 2: 90, 3: older) and by state
SELECT state,
       CASE WHEN age_days <= 30 THEN 0 WHEN age_days <= 60 THEN 1 WHEN age_days <= 90 THEN 2 ELSE 3 END AS bucket,
       count(*)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting
FROM mart_work
WHERE state NOT IN ('billed', 'written_off') AND billable
GROUP BY ALL
ORDER BY bucket, state

-- by_legal_entity: states of each legal entity; where it is not known, the projects it is
SELECT legal_entity AS key, legal_entity AS name,
       state,
       sum(items)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting,
       max(oldest_days) AS oldest_days,
       list(DISTINCT project_key) FILTER (legal_entity IS NULL AND project_key IS NOT NULL) AS projects
FROM mart_billing
GROUP BY legal_entity, 3

-- by_service_line: states of each service line; where it is not known, the projects it is
SELECT service_line AS key, service_line AS name,
       state,
       sum(items)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting,
       max(oldest_days) AS oldest_days,
       list(DISTINCT project_key) FILTER (service_line IS NULL AND project_key IS NOT NULL) AS projects
FROM mart_billing
GROUP BY service_line, 3

-- by_customer: states of each customer; where it is not known, the projects it is
SELECT b.customer_key AS key, any_value(coalesce(p.customer_name, b.customer_key)) AS name,
       b.state,
       sum(items)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting,
       max(oldest_days) AS oldest_days,
       list(DISTINCT b.project_key) FILTER (b.customer_key IS NULL AND b.project_key IS NOT NULL) AS projects
FROM mart_billing b LEFT JOIN mart_project p USING (project_key)
GROUP BY b.customer_key, 3

-- by_project: states of each project; work that has none is one line
SELECT b.project_key AS key, any_value(coalesce(p.name, b.project_key)) AS name,
       b.state,
       sum(items)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting,
       max(oldest_days) AS oldest_days
FROM mart_billing b LEFT JOIN mart_project p USING (project_key)
GROUP BY b.project_key, 3

-- firms: legal entities to choose from
SELECT DISTINCT legal_entity FROM mart_billing WHERE legal_entity IS NOT NULL ORDER BY legal_entity

-- unbilled: every unbilled item with its one reason, the most valuable first
SELECT item_key, kind, state, blocker, blocker_owner, legal_entity, service_line, customer_key, customer_name,
       project_key, resource_key, charge_code, work_date, submitted_at, approved_at, posted_at, hours, bill_amount,
       currency, bill_reporting, age_days, run_id
FROM mart_work
WHERE state NOT IN ('billed', 'written_off') AND billable
ORDER BY bill_reporting DESC, item_key
LIMIT $limit OFFSET $offset
