-- projects: one for every thousand entries, as CRM, PSA and ERP show it
SELECT
    {moment} AS observed_at,
    {moment} AS recorded_at,
    's' AS snapshot_id,
    s.system,
    s.role,
    'project' AS entity,
    'P-' || n AS system_id,
    'PRJ-' || n AS key,
    'NOV-DE' AS legal_entity,
    true AS present,
    CAST(n AS VARCHAR) AS digest,
    CAST(json_object(
        'name', 'Project ' || n,
        'customer_key', 'C-' || n % 400,
        'currency', 'EUR',
        'closed_at', '2026-01-01T00:00:00Z'
    ) AS VARCHAR) AS fields
FROM range({first}, {last}) t(n)
CROSS JOIN (VALUES ('salesforce', 'crm'), ('kantata', 'psa'), ('netsuite', 'erp')) s(system, role);

-- codes: the charge code of each project
SELECT
    {moment} AS observed_at,
    {moment} AS recorded_at,
    's' AS snapshot_id,
    'netsuite' AS system,
    'erp' AS role,
    'charge_code' AS entity,
    'K-' || n AS system_id,
    'PRJ-' || n || '.010' AS key,
    'NOV-DE' AS legal_entity,
    true AS present,
    CAST(n AS VARCHAR) AS digest,
    CAST(json_object('project_code', 'PRJ-' || n, 'active', true) AS VARCHAR) AS fields
FROM range({first}, {last}) t(n);

-- entries: approved time as the PSA shows it, handed in a day after the work
SELECT
    {moment} AS observed_at,
    {moment} AS recorded_at,
    's' AS snapshot_id,
    'kantata' AS system,
    'psa' AS role,
    'time_entry' AS entity,
    CAST(n AS VARCHAR) AS system_id,
    'TE-' || n AS key,
    'NOV-DE' AS legal_entity,
    true AS present,
    CAST(hash(n) AS VARCHAR) AS digest,
    CAST(json_object(
        'time_entry_id', 'TE-' || n,
        'project_code', 'PRJ-' || n % {projects},
        'charge_code', 'PRJ-' || n % {projects} || '.010',
        'resource_number', 'E-' || n % 2000,
        'work_date', strftime(DATE '2026-11-01' - CAST(n % 300 AS INTEGER), '%Y-%m-%d'),
        'hours', CAST(1 + n % 8 AS VARCHAR) || '.00',
        'bill_rate', json_object('amount', '120.00', 'currency', 'EUR'),
        'cost_rate', json_object('amount', '70.00', 'currency', 'EUR'),
        'approval', 'approved',
        'submitted_at', '2026-11-02T08:00:00Z',
        'approved_at', '2026-11-03T08:00:00Z'
    ) AS VARCHAR) AS fields
FROM range({first}, {last}) t(n);

-- postings: what the ERP has of them, all but each fiftieth
SELECT
    {moment} AS observed_at,
    {moment} AS recorded_at,
    's' AS snapshot_id,
    'netsuite' AS system,
    'erp' AS role,
    'time_entry' AS entity,
    'N-' || n AS system_id,
    'TE-' || n || '-v1' AS key,
    'NOV-DE' AS legal_entity,
    true AS present,
    CAST(hash(n) AS VARCHAR) AS digest,
    CAST(json_object(
        'time_entry_id', 'TE-' || n,
        'project_code', 'PRJ-' || n % {projects},
        'charge_code', 'PRJ-' || n % {projects} || '.010',
        'resource_number', 'E-' || n % 2000,
        'work_date', strftime(DATE '2026-11-01' - CAST(n % 300 AS INTEGER), '%Y-%m-%d'),
        'hours', CAST(1 + n % 8 AS VARCHAR) || '.00',
        'bill_rate', json_object('amount', '120.00', 'currency', 'EUR'),
        'cost_rate', json_object('amount', '70.00', 'currency', 'EUR'),
        'created_at', '2026-11-03T09:00:00Z'
    ) AS VARCHAR) AS fields
FROM range({first}, {last}) t(n)
WHERE n % 50 <> 0;

-- records: each eighth entry's run: its event, its acknowledgement and its end
SELECT
    'r-' || n || kind AS record_id,
    {moment} AS recorded_at,
    TIMESTAMPTZ '2026-11-03 09:00:00+00' - to_minutes(CAST(n % 400000 AS BIGINT)) AS occurred_at,
    kind,
    'time-to-bill' AS flow,
    1 AS attempt,
    'run-' || n AS run_id,
    'run-' || n AS lineage_id,
    'run-' || n AS correlation_id,
    'time_entry:TE-' || n AS business_key,
    CASE kind WHEN 'source_event' THEN 'kantata' WHEN 'acknowledgement' THEN 'netsuite' END AS system,
    'time_entry' AS entity,
    CASE kind WHEN 'settlement' THEN 'settled' END AS status,
    TIMESTAMPTZ '2026-11-03 08:59:30+00' - to_minutes(CAST(n % 400000 AS BIGINT)) AS source_changed_at,
    '{}' AS body
FROM range({first}, {last}) t(n)
CROSS JOIN (VALUES ('source_event'), ('acknowledgement'), ('settlement')) k(kind)
WHERE n % 8 = 0;

-- spans: one of a foreign trace for each eighth entry
SELECT
    {moment} AS recorded_at,
    md5(CAST(n // 4 AS VARCHAR)) AS trace_id,
    substr(md5(CAST(-n AS VARCHAR)), 1, 16) AS span_id,
    'post' AS name,
    2 AS kind,
    'mulesoft' AS service_name,
    TIMESTAMPTZ '2026-11-03 09:00:00+00' - to_minutes(CAST(n % 400000 AS BIGINT)) AS start_time,
    CAST(15000 AS BIGINT) AS duration_us,
    0 AS status_code,
    '{}' AS attributes
FROM range({first}, {last}) t(n)
WHERE n % 8 = 0;
