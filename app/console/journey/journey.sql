-- ids: what an exact id of 32 hex digits names, in the audit lake; spans have no legal entity, so a trace is its records': foreign where they name entities and none of the viewer's
SELECT 'run' AS kind, run_id AS key, any_value(flow) AS flow, any_value(business_key) AS about, NULL AS title, count(*)::BIGINT AS records
FROM records WHERE run_id = $q AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity)) GROUP BY run_id
UNION ALL
SELECT 'lineage', lineage_id, any_value(flow), any_value(business_key), NULL, count(*)::BIGINT
FROM records WHERE lineage_id = $q AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity)) GROUP BY lineage_id
UNION ALL
SELECT 'correlation', correlation_id, any_value(flow), any_value(business_key), NULL, count(*)::BIGINT
FROM records WHERE correlation_id = $q AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity)) GROUP BY correlation_id
UNION ALL
SELECT 'trace', trace_id, arg_min(service_name, start_time), arg_min(name, start_time), NULL, count(*)::BIGINT
FROM spans WHERE trace_id = $q AND trace_id NOT IN (
  SELECT trace_id FROM records WHERE trace_id = $q AND len($entities::VARCHAR[]) > 0
  GROUP BY trace_id HAVING count(legal_entity) > 0 AND NOT bool_or(list_contains($entities::VARCHAR[], legal_entity)))
GROUP BY trace_id

-- prefixes: the ids that begin with these hex digits, in the audit lake; a case's id is as short as a prefix, and what it is about has a journey or stands in a project
SELECT 'run' AS kind, run_id AS key, any_value(flow) AS flow, any_value(business_key) AS about, NULL AS title, count(*)::BIGINT AS records
FROM records WHERE run_id >= $q AND run_id < $q || 'g' AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity)) GROUP BY run_id
UNION ALL
SELECT 'lineage', lineage_id, any_value(flow), any_value(business_key), NULL, count(*)::BIGINT
FROM records WHERE lineage_id >= $q AND lineage_id < $q || 'g' AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity)) GROUP BY lineage_id
UNION ALL
SELECT 'correlation', correlation_id, any_value(flow), any_value(business_key), NULL, count(*)::BIGINT
FROM records WHERE correlation_id >= $q AND correlation_id < $q || 'g' AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity)) GROUP BY correlation_id
UNION ALL
SELECT 'trace', trace_id, arg_min(service_name, start_time), arg_min(name, start_time), NULL, count(*)::BIGINT
FROM spans WHERE trace_id >= $q AND trace_id < $q || 'g' AND trace_id NOT IN (
  SELECT trace_id FROM records WHERE trace_id >= $q AND trace_id < $q || 'g' AND len($entities::VARCHAR[]) > 0
  GROUP BY trace_id HAVING count(legal_entity) > 0 AND NOT bool_or(list_contains($entities::VARCHAR[], legal_entity)))
GROUP BY trace_id
UNION ALL
SELECT 'case', case_id, flow, CASE WHEN subject_entity IN ('flow', 'legal_entity', 'charge_code', 'resource') THEN 'project:' || project_key ELSE subject_entity || ':' || subject_key END, title, occurrences
FROM cases WHERE case_id >= $q AND case_id < $q || 'g' AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity))
LIMIT 25

-- objects: what a business key or a correlation id in words names
SELECT 'object' AS kind, business_key AS key, any_value(flow) AS flow, business_key AS about, max(occurred_at) AS last_at, count(*)::BIGINT AS records
FROM records WHERE business_key IN (SELECT unnest($keys::VARCHAR[])) AND list_contains($keys::VARCHAR[], business_key)
  AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity))
GROUP BY business_key
UNION ALL
SELECT 'correlation', correlation_id, any_value(flow), any_value(business_key), max(occurred_at), count(*)::BIGINT
FROM records WHERE correlation_id = $q AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity)) GROUP BY correlation_id

-- projects: projects by code, name or customer
SELECT project_key AS key, name, customer_key, customer_name, legal_entity, usable_at
FROM mart_project
WHERE (project_key ILIKE $like OR name ILIKE $like OR customer_name ILIKE $like OR customer_key ILIKE $like)
  AND (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
ORDER BY (project_key ILIKE $q) DESC, (customer_key ILIKE $q) DESC, project_key DESC
LIMIT 25

-- work: time entries, expenses and milestones by key
SELECT item_key AS key, kind, project_key, customer_name, legal_entity, state, work_date
FROM mart_work
WHERE item_key ILIKE $like AND (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
ORDER BY (item_key ILIKE $q) DESC, item_key
LIMIT 10

-- held: what each system holds now for a key
SELECT system, role, entity, system_id, key, present, observed_at, fields
FROM observations
WHERE (list_contains($names::VARCHAR[], key) OR starts_with(key, $posting)) AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity))
QUALIFY row_number() OVER (PARTITION BY system, entity, key ORDER BY observed_at DESC, recorded_at DESC) = 1
ORDER BY entity, system
LIMIT 40

-- invoice: an invoice as the ERP showed it last
SELECT system, key, observed_at, fields FROM observations
WHERE entity = 'invoice' AND key = $q AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity))
ORDER BY observed_at DESC LIMIT 1

-- latest: recent journeys, to begin with
SELECT business_key AS key, any_value(flow) AS flow, max(occurred_at) AS last_at, arg_max(status, occurred_at) AS status
FROM (SELECT business_key, flow, occurred_at, status, legal_entity FROM records WHERE kind = 'settlement' ORDER BY batch_id DESC, n DESC LIMIT 400)
WHERE business_key IS NOT NULL AND (len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity))
GROUP BY business_key ORDER BY last_at DESC LIMIT 12

-- trails_of_object: the journeys that touch an object, the latest first
SELECT correlation_id, max(occurred_at) AS last_at FROM records WHERE business_key = $key AND correlation_id IS NOT NULL
GROUP BY correlation_id ORDER BY last_at DESC LIMIT 100

-- trails_of_run: the journeys that touch a run, the latest first
SELECT correlation_id, max(occurred_at) AS last_at FROM records WHERE run_id = $key AND correlation_id IS NOT NULL
GROUP BY correlation_id ORDER BY last_at DESC LIMIT 100

-- trails_of_lineage: the journeys that touch a lineage, the latest first
SELECT correlation_id, max(occurred_at) AS last_at FROM records WHERE lineage_id = $key AND correlation_id IS NOT NULL
GROUP BY correlation_id ORDER BY last_at DESC LIMIT 100

-- trails_of_trace: the journeys that touch a trace, the latest first
SELECT correlation_id, max(occurred_at) AS last_at FROM records WHERE trace_id = $key AND correlation_id IS NOT NULL
GROUP BY correlation_id ORDER BY last_at DESC LIMIT 100

-- steps: every record of these journeys, in order, with the seal that proves it; asked twice, for IN alone skips files but reads whole rows of the rest, list_contains the other way round
WITH touched AS (
  SELECT * FROM records WHERE correlation_id IN (SELECT unnest($correlations::VARCHAR[])) AND list_contains($correlations::VARCHAR[], correlation_id)
  UNION ALL SELECT * FROM records WHERE business_key = $key AND correlation_id IS NULL
), found AS (
  SELECT * FROM touched
  WHERE len($entities::VARCHAR[]) = 0 OR legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity)
  ORDER BY occurred_at DESC LIMIT 1000
)
SELECT found.*, seals.sealed_at, seals.root, seals.writer
FROM found LEFT JOIN seals ON seals.batch_id = found.batch_id AND seals.table_name = 'records'
ORDER BY occurred_at, recorded_at, found.batch_id, found.n

-- spans: the spans of a trace, whoever sent them, unless all its legal entities are outside the viewer's scope
SELECT trace_id, span_id, parent_span_id, name, service_name, kind, start_time, end_time, duration_us, status_code, status_message, attributes, resource, events
FROM spans WHERE trace_id = $trace AND trace_id NOT IN (
  SELECT trace_id FROM records WHERE trace_id = $trace AND len($entities::VARCHAR[]) > 0
  GROUP BY trace_id HAVING count(legal_entity) > 0 AND NOT bool_or(list_contains($entities::VARCHAR[], legal_entity)))
ORDER BY start_time LIMIT 3000

-- logs: log lines of a trace, within the same scope
SELECT time, severity_text, body, service_name, span_id FROM logs
WHERE trace_id = $trace AND trace_id NOT IN (
  SELECT trace_id FROM records WHERE trace_id = $trace AND len($entities::VARCHAR[]) > 0
  GROUP BY trace_id HAVING count(legal_entity) > 0 AND NOT bool_or(list_contains($entities::VARCHAR[], legal_entity)))
ORDER BY time LIMIT 300

-- of_project: time, expenses and milestones of a project, the stuck ones first
SELECT item_key AS key, kind, resource_key, charge_code, work_date, hours, bill_amount, currency, state, blocker, age_days
FROM mart_work WHERE project_key = $project AND (len($entities::VARCHAR[]) = 0 OR list_contains($entities::VARCHAR[], legal_entity))
ORDER BY (state = 'blocked') DESC, work_date DESC LIMIT 100
