-- states: unbilled and billed work by state and primary blocker; what is between two systems is moving, not blocked
SELECT CASE WHEN blocker = 'in-flight' THEN 'moving' ELSE state END AS state, blocker, blocker_owner,
       sum(items)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting, max(oldest_days) AS oldest_days
FROM mart_billing
GROUP BY ALL
ORDER BY bill_reporting DESC, state, blocker

-- ages: unbilled chargeable value by age of the work (bucket 0: up to 30 days, 1: 60, 2: 90, 3: older) and by state
SELECT CASE WHEN blocker = 'in-flight' THEN 'moving' ELSE state END AS state,
       CASE WHEN age_days <= 30 THEN 0 WHEN age_days <= 60 THEN 1 WHEN age_days <= 90 THEN 2 ELSE 3 END AS bucket,
       count(*)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting
FROM mart_work
WHERE state <> 'billed' AND billable
GROUP BY ALL
ORDER BY bucket, state

-- by_legal_entity: states of each legal entity; where it is not known, the projects it is
SELECT legal_entity AS key, legal_entity AS name,
       CASE WHEN blocker = 'in-flight' THEN 'moving' ELSE state END AS state,
       sum(items)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting,
       max(oldest_days) AS oldest_days,
       list(DISTINCT project_key) FILTER (legal_entity IS NULL AND project_key IS NOT NULL) AS projects
FROM mart_billing
GROUP BY legal_entity, 3

-- by_service_line: states of each service line; where it is not known, the projects it is
SELECT service_line AS key, service_line AS name,
       CASE WHEN blocker = 'in-flight' THEN 'moving' ELSE state END AS state,
       sum(items)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting,
       max(oldest_days) AS oldest_days,
       list(DISTINCT project_key) FILTER (service_line IS NULL AND project_key IS NOT NULL) AS projects
FROM mart_billing
GROUP BY service_line, 3

-- by_customer: states of each customer; where it is not known, the projects it is
SELECT b.customer_key AS key, any_value(coalesce(p.customer_name, b.customer_key)) AS name,
       CASE WHEN b.blocker = 'in-flight' THEN 'moving' ELSE b.state END AS state,
       sum(items)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting,
       max(oldest_days) AS oldest_days,
       list(DISTINCT b.project_key) FILTER (b.customer_key IS NULL AND b.project_key IS NOT NULL) AS projects
FROM mart_billing b LEFT JOIN mart_project p USING (project_key)
GROUP BY b.customer_key, 3

-- by_project: states of each project; work that has none is one line
SELECT b.project_key AS key, any_value(coalesce(p.name, b.project_key)) AS name,
       CASE WHEN b.blocker = 'in-flight' THEN 'moving' ELSE b.state END AS state,
       sum(items)::BIGINT AS items, coalesce(sum(bill_reporting), 0) AS bill_reporting,
       max(oldest_days) AS oldest_days
FROM mart_billing b LEFT JOIN mart_project p USING (project_key)
GROUP BY b.project_key, 3

-- reconciliation: hours and value in PSA against ERP, what explains the difference, and how many entries may be rounded
WITH counted AS (
    SELECT legal_entity, project_key, count(*)::BIGINT AS entries FROM mart_work
    WHERE kind = 'time' AND state <> 'not_approved' GROUP BY ALL
)
SELECT r.legal_entity, r.project_key, p.name, r.psa_hours, r.erp_hours, r.difference_hours, r.psa_reporting,
       r.erp_reporting, r.explained_reporting, r.unexplained_reporting, coalesce(c.entries, 0) AS entries
FROM mart_reconciliation r LEFT JOIN mart_project p USING (project_key)
LEFT JOIN counted c ON c.project_key = r.project_key AND c.legal_entity IS NOT DISTINCT FROM r.legal_entity
ORDER BY abs(r.unexplained_reporting) DESC, abs(r.psa_reporting - r.erp_reporting) DESC, r.project_key
LIMIT $limit OFFSET $offset

-- balance: the reconciliation's totals; an unexplained difference of at most $rounding an entry is rounding alone
WITH counted AS (
    SELECT legal_entity, project_key, count(*)::BIGINT AS entries FROM mart_work
    WHERE kind = 'time' AND state <> 'not_approved' GROUP BY ALL
),
judged AS (
    SELECT r.*, abs(r.unexplained_reporting) > $rounding::DECIMAL(18,2) * greatest(coalesce(c.entries, 0), 1) AS beyond
    FROM mart_reconciliation r
    LEFT JOIN counted c ON c.project_key = r.project_key AND c.legal_entity IS NOT DISTINCT FROM r.legal_entity
)
SELECT count(*)::BIGINT AS projects, sum(psa_reporting) AS psa_reporting, sum(erp_reporting) AS erp_reporting,
       count(*) FILTER (beyond)::BIGINT AS projects_beyond,
       coalesce(sum(abs(unexplained_reporting)) FILTER (beyond), 0) AS beyond_reporting,
       coalesce(sum(abs(unexplained_reporting)) FILTER (NOT beyond), 0) AS rounding_reporting
FROM judged
HAVING count(*) > 0

-- firms: legal entities to choose from
SELECT DISTINCT legal_entity FROM mart_billing WHERE legal_entity IS NOT NULL ORDER BY legal_entity

-- unbilled: every unbilled item with its one reason, the most valuable first
SELECT item_key, kind, state, blocker, blocker_owner, legal_entity, service_line, customer_key, customer_name,
       project_key, resource_key, charge_code, work_date, submitted_at, approved_at, posted_at, hours, bill_amount,
       currency, bill_reporting, age_days, run_id
FROM mart_work
WHERE state <> 'billed' AND billable
ORDER BY bill_reporting DESC, item_key
LIMIT $limit OFFSET $offset
