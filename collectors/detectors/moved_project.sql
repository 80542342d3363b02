-- company: sales whose project stands in the books of another company than the CRM says, with what is posted there
WITH sold AS (
    SELECT *
    FROM mart_state_project
    WHERE role = 'crm'
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY first_seen, closed_at NULLS LAST, system, system_id) = 1
), booked AS (
    SELECT key, system, legal_entity
    FROM mart_state_project
    WHERE role = 'erp'
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY first_seen, system, system_id) = 1
), posted AS (
    SELECT
        project_key,
        currency,
        sum(bill_amount) AS amount,
        CASE WHEN count(*) = count(bill_reporting) THEN sum(bill_reporting) END AS reporting
    FROM mart_work
    WHERE posted_at IS NOT NULL AND billable
    GROUP BY ALL
)
SELECT
    s.key,
    s.name,
    s.customer_key,
    s.currency,
    s.system AS crm,
    s.legal_entity AS sold_by,
    b.system,
    b.legal_entity,
    w.amount,
    w.reporting,
    s.observed_at AS since,
    r.run_id,
    r.trace_id
FROM sold s
JOIN booked b ON b.key = s.key AND b.legal_entity <> s.legal_entity
LEFT JOIN posted w ON w.project_key = s.key AND w.currency = s.currency
LEFT JOIN (
    SELECT business_key, max(run_id) AS run_id, arg_max(trace_id, run_id) AS trace_id
    FROM open_runs
    WHERE flow = 'quote-to-project' AND state = 'dead' AND error_code = 'entity-moved'
    GROUP BY business_key
) r ON r.business_key = 'project:' || s.key;
