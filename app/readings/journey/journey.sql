-- ids: what an exact id of 32 hex digits names, in the audit lake
SELECT 'run' AS kind, run_id AS key, any_value(flow) AS flow, any_value(business_key) AS about,
       NULL AS title, count(*)::BIGINT AS records
FROM records WHERE run_id = $q GROUP BY run_id
UNION ALL
SELECT 'lineage', lineage_id, any_value(flow), any_value(business_key), NULL, count(*)::BIGINT
FROM records WHERE lineage_id = $q GROUP BY lineage_id
UNION ALL
SELECT 'correlation', correlation_id, any_value(flow), any_value(business_key), NULL, count(*)::BIGINT
FROM records WHERE correlation_id = $q GROUP BY correlation_id
UNION ALL
SELECT 'trace', trace_id, arg_min(service_name, start_time), arg_min(name, start_time), NULL, count(*)::BIGINT
FROM spans WHERE trace_id = $q GROUP BY trace_id
UNION ALL
SELECT 'trace', trace_id, any_value(flow), any_value(business_key), NULL, count(*)::BIGINT
FROM mart_foreign_run WHERE run_id = $q AND trace_id IS NOT NULL GROUP BY trace_id

-- prefixes: the ids that begin with these hex digits; a case's id is as short, and what it is about has a journey
SELECT 'run' AS kind, run_id AS key, any_value(flow) AS flow, any_value(business_key) AS about,
       NULL AS title, count(*)::BIGINT AS records
FROM records WHERE run_id >= $q AND run_id < $q || 'g' GROUP BY run_id
UNION ALL
SELECT 'lineage', lineage_id, any_value(flow), any_value(business_key), NULL, count(*)::BIGINT
FROM records WHERE lineage_id >= $q AND lineage_id < $q || 'g' GROUP BY lineage_id
UNION ALL
SELECT 'correlation', correlation_id, any_value(flow), any_value(business_key), NULL, count(*)::BIGINT
FROM records WHERE correlation_id >= $q AND correlation_id < $q || 'g' GROUP BY correlation_id
UNION ALL
SELECT 'trace', trace_id, arg_min(service_name, start_time), arg_min(name, start_time), NULL, count(*)::BIGINT
FROM spans WHERE trace_id >= $q AND trace_id < $q || 'g' GROUP BY trace_id
UNION ALL
SELECT 'case', case_id, flow,
       CASE
           WHEN subject_entity IN ('flow', 'legal_entity', 'charge_code', 'resource') THEN 'project:' || project_key
           ELSE subject_entity || ':' || subject_key
       END,
       title, occurrences
FROM cases WHERE case_id >= $q AND case_id < $q || 'g'
LIMIT 25

-- objects: what a business key or a correlation id in words names
SELECT 'object' AS kind, business_key AS key, any_value(flow) AS flow, business_key AS about,
       NULL AS title, count(*)::BIGINT AS records
FROM records
WHERE business_key IN (SELECT unnest($keys::VARCHAR[])) AND list_contains($keys::VARCHAR[], business_key)
GROUP BY business_key
UNION ALL
SELECT 'correlation', correlation_id, any_value(flow), any_value(business_key), NULL, count(*)::BIGINT
FROM records WHERE correlation_id = $q GROUP BY correlation_id
UNION ALL
SELECT 'trace', trace_id, any_value(flow), coalesce(any_value(business_key), any_value(run_id)), NULL, count(*)::BIGINT
FROM mart_foreign_run
WHERE (list_contains($keys::VARCHAR[], business_key) OR run_id = $q) AND trace_id IS NOT NULL
GROUP BY trace_id

-- projects: projects by code, name or customer
SELECT project_key AS key, name, customer_key, customer_name, legal_entity, usable_at
FROM mart_project
WHERE project_key ILIKE $like OR name ILIKE $like OR customer_name ILIKE $like OR customer_key ILIKE $like
ORDER BY (project_key ILIKE $q) DESC, (customer_key ILIKE $q) DESC, project_key DESC
LIMIT 25

-- work: time entries, expenses and milestones by key
SELECT item_key AS key, kind, project_key, state
FROM mart_work
WHERE item_key ILIKE $like
ORDER BY (item_key ILIKE $q) DESC, item_key
LIMIT 10

-- held: what each system holds now for a key
SELECT system, role, entity, key, present, observed_at, fields
FROM observations
WHERE list_contains($names::VARCHAR[], key) OR starts_with(key, $posting)
QUALIFY row_number() OVER (
    PARTITION BY system, entity, system_id, key ORDER BY observed_at DESC, recorded_at DESC
) = 1
ORDER BY entity, system
LIMIT 40

-- invoice: an invoice as the ERP showed it last
SELECT system, key, observed_at, fields
FROM observations
WHERE entity = 'invoice' AND key = $q
ORDER BY observed_at DESC
LIMIT 1

-- latest: recent journeys, to begin with
SELECT business_key AS key, any_value(flow) AS flow, max(occurred_at) AS last_at, arg_max(status, occurred_at) AS status
FROM (
    SELECT business_key, flow, occurred_at, status
    FROM records WHERE kind = 'settlement' ORDER BY batch_id DESC, n DESC LIMIT 400
)
WHERE business_key IS NOT NULL
GROUP BY business_key ORDER BY last_at DESC LIMIT 12

-- trails_of_object: the journeys that touch an object, the latest first
SELECT correlation_id FROM records WHERE business_key = $key AND correlation_id IS NOT NULL
GROUP BY correlation_id ORDER BY max(occurred_at) DESC LIMIT 100

-- trails_of_run: the journeys that touch a run, the latest first
SELECT correlation_id FROM records WHERE run_id = $key AND correlation_id IS NOT NULL
GROUP BY correlation_id ORDER BY max(occurred_at) DESC LIMIT 100

-- trails_of_lineage: the journeys that touch a lineage, the latest first
SELECT correlation_id FROM records WHERE lineage_id = $key AND correlation_id IS NOT NULL
GROUP BY correlation_id ORDER BY max(occurred_at) DESC LIMIT 100

-- trails_of_trace: the journeys that touch a trace, the latest first
SELECT correlation_id FROM records WHERE trace_id = $key AND correlation_id IS NOT NULL
GROUP BY correlation_id ORDER BY max(occurred_at) DESC LIMIT 100

-- steps: every record of these journeys in order, with the seal that proves it
WITH touched AS (
  -- the ids are asked for twice: IN alone skips files but reads whole rows of the rest, list_contains the reverse
  SELECT * FROM records
  WHERE correlation_id IN (SELECT unnest($correlations::VARCHAR[]))
    AND list_contains($correlations::VARCHAR[], correlation_id)
  UNION ALL
  SELECT * FROM records WHERE business_key = $key AND correlation_id IS NULL
), found AS (
  SELECT * FROM touched ORDER BY occurred_at DESC LIMIT 1000
)
SELECT found.record_id, found.occurred_at, found.kind, found.flow, found.flow_version, found.step, found.attempt,
       found.system, found.entity, found.business_key, found.legal_entity, found.status, found.error_code,
       found.amount, found.sealed_amount, found.currency, found.actor, found.duration_us,
       found.run_id, found.lineage_id,
       found.correlation_id, found.trace_id, found.span_id, found.batch_id, found.n, found.body,
       seals.sealed_at, seals.root, seals.writer
FROM found LEFT JOIN seals ON seals.batch_id = found.batch_id AND seals.table_name = 'records'
ORDER BY found.occurred_at, found.recorded_at, found.batch_id, found.n

-- spans: the spans of a trace, whoever sent them
SELECT trace_id, span_id, parent_span_id, name, service_name, start_time, duration_us, status_code, status_message,
       attributes
FROM spans
WHERE trace_id = $trace
ORDER BY start_time
LIMIT 3000

-- logs: log lines of a trace
SELECT time, severity_text, body, service_name
FROM logs
WHERE trace_id = $trace
ORDER BY time
LIMIT 300

-- of_project: time, expenses and milestones of a project, the stuck ones first
SELECT item_key AS key, kind, resource_key, charge_code, work_date, hours, bill_amount, currency, state, blocker
FROM mart_work
WHERE project_key = $project
ORDER BY (state = 'blocked') DESC, work_date DESC
LIMIT 100
