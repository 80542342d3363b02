/*
Figures of integration: how fast and how surely facts travel, and what of that people had to do.

Ratios are sums over sums. A window is the last seven days of world time.

grain: name, world

    name         VARCHAR        -     which figure
    world        VARCHAR        -     reported, adjusted, against or for (see settlement)
    value        DOUBLE         unit  of a figure that is no ratio: a median, a count
    numerator    DECIMAL(38,6)  -     of a ratio, in the unit of what is divided; of money the sum
    denominator  DECIMAL(38,6)  -     of a ratio; none of a sum
    scale        DOUBLE         -     what the ratio is multiplied by, 100 for per cent
    unit         VARCHAR        -     h, s, days, %, a currency, or what is counted
    target       DOUBLE         unit  what it should be; none for figures that only inform
    n            BIGINT         -     how many things it rests on
    rests_on     VARCHAR        -     the kinds of observed objects without which it says nothing
    definition   VARCHAR        -     how it is computed
*/

-- acted: moments at which people acted on runs and cases, with the time since their last action where it is work and
-- not another day; what the engine makes of a request (its end, its expiry, each run that it replays) is nobody's work
CREATE OR REPLACE TABLE derived.state.acted AS
SELECT
    occurred_at,
    CASE
        WHEN epoch_us(occurred_at) - epoch_us(lag(occurred_at) OVER (PARTITION BY actor ORDER BY occurred_at))
            <= 600000000
            THEN (epoch_us(occurred_at) - epoch_us(lag(occurred_at) OVER (PARTITION BY actor ORDER BY occurred_at)))
                / 60000000.0
        ELSE 1
    END AS minutes
FROM records
WHERE kind = 'operator_action'
    AND entity IN ('request', 'case')
    AND status NOT IN ('done', 'failed', 'expired');

-- attributed: each record that has owned attributes, and whether one is missing, in conflict or held twice
CREATE OR REPLACE TABLE derived.state.attributed AS
WITH project AS (
    SELECT
        c.key,
        coalesce(c.missing NOT IN ('[]', 'null'), false) AS missing,
        coalesce(bool_or(
            e.legal_entity <> c.legal_entity
            OR e.service_line <> c.service_line
            OR e.practice <> c.practice
            OR e.currency <> c.currency
            OR e.customer_key <> c.customer_key
        ), false) AS conflicting,
        count(DISTINCT c.system_id) > 1 AS doubled
    FROM derived.state.project c
    LEFT JOIN derived.state.project e ON e.key = c.key AND e.role = 'erp'
    WHERE c.role = 'crm'
    GROUP BY c.key, c.missing
), tax AS (
    SELECT system, tax_id FROM derived.state.customer WHERE tax_id IS NOT NULL GROUP BY ALL HAVING count(*) > 1
), customer AS (
    SELECT
        c.system || ':' || c.key AS key,
        c.name IS NULL OR c.country IS NULL AS missing,
        coalesce(bool_or(
            e.tax_id <> c.tax_id OR e.country <> c.country OR coalesce(e.parent_key, '') <> coalesce(c.parent_key, '')
        ), false) AS conflicting,
        bool_or(t.tax_id IS NOT NULL) AS doubled
    FROM derived.state.customer c
    LEFT JOIN derived.state.customer e ON e.key = c.key AND e.role = 'erp'
    LEFT JOIN tax t ON t.system = c.system AND t.tax_id = c.tax_id
    WHERE c.role = 'crm'
    GROUP BY ALL
), person AS (
    SELECT
        h.key,
        h.cost_rate IS NULL AS missing,
        coalesce(bool_or(e.cost_rate <> h.cost_rate OR e.legal_entity <> h.legal_entity), false) AS conflicting,
        count(DISTINCT h.system) > 1 AS doubled
    FROM derived.state.resource h
    LEFT JOIN derived.state.resource e ON e.key = h.key AND e.role = 'erp'
    WHERE h.role = 'hcm' AND h.active
    GROUP BY h.key, h.cost_rate
)
SELECT 'project' AS entity, key, missing, conflicting, doubled FROM project
UNION ALL
SELECT 'customer', key, missing, conflicting, doubled FROM customer
UNION ALL
SELECT 'resource', key, missing, conflicting, doubled FROM person;

-- figure_flow: one SELECT a figure
CREATE OR REPLACE TABLE derived.state.figure_flow AS
WITH ended AS (
    SELECT
        coalesce(sum(settled), 0) AS settled,
        coalesce(sum(dead), 0) AS dead,
        coalesce(sum(retries), 0) AS retries
    FROM derived.state.mart_flow_hour
    WHERE hour > {now} - INTERVAL 7 DAY
), ever AS (
    SELECT coalesce(sum(settled), 0) AS settled FROM derived.state.mart_flow_hour
)
SELECT
    'project_setup_cycle_time' AS name,
    'reported' AS world,
    median((epoch_us(usable_at) - epoch_us(closed_won_at)) / 3600000000.0) AS value,
    'h' AS unit,
    24.0 AS target,
    count(*) AS n,
    'Median of: project usable in ERP and PSA − opportunity closed won' AS definition
FROM derived.state.mart_project
WHERE usable_at IS NOT NULL AND closed_won_at IS NOT NULL AND usable_at >= closed_won_at
UNION ALL BY NAME
SELECT
    'sync_lag_psa_erp' AS name,
    'reported' AS world,
    quantile_cont(lag, 0.95) AS value,
    's' AS unit,
    {lag_target} AS target,
    count(lag) AS n,
    '95 % of acknowledgements came within: acknowledgement in the ERP − change in the PSA, last seven days'
        AS definition
FROM derived.state.answer
WHERE flow = 'time-to-bill' AND source <> target
UNION ALL BY NAME
SELECT
    'sync_lag_psa_erp_p50' AS name,
    'reported' AS world,
    quantile_cont(lag, 0.5) AS value,
    's' AS unit,
    count(lag) AS n,
    'Half of the acknowledgements came within: acknowledgement in the ERP − change in the PSA, last seven days'
        AS definition
FROM derived.state.answer
WHERE flow = 'time-to-bill' AND source <> target
UNION ALL BY NAME
SELECT
    'failed_transaction_ageing' AS name,
    'reported' AS world,
    coalesce(sum(failures) FILTER (bucket_order >= 4), 0) AS value,
    'failures > 24 h' AS unit,
    0.0 AS target,
    CAST(coalesce(sum(failures), 0) AS BIGINT) AS n,
    'Open failures that are older than a day; the table of failures shows all ages with their money' AS definition
FROM derived.state.mart_failure_age
UNION ALL BY NAME
SELECT
    'manual_reconciliation_effort' AS name,
    'reported' AS world,
    (SELECT count(*) FROM derived.state.acted) AS numerator,
    settled AS denominator,
    1000.0 AS scale,
    'actions / 1,000' AS unit,
    5.0 AS target,
    settled AS n,
    'Actions of people on runs and cases ÷ runs delivered × 1,000' AS definition
FROM ever
UNION ALL BY NAME
SELECT
    'manual_reconciliation_minutes' AS name,
    'reported' AS world,
    (SELECT coalesce(sum(minutes), 0) FROM derived.state.acted) AS numerator,
    settled AS denominator,
    1000.0 AS scale,
    'minutes / 1,000' AS unit,
    settled AS n,
    'Minutes of people on runs and cases ÷ runs delivered × 1,000; between two actions of one person no more than ten'
        AS definition
FROM ever
UNION ALL BY NAME
SELECT
    'failure_rate' AS name,
    'reported' AS world,
    dead AS numerator,
    settled + dead AS denominator,
    100.0 AS scale,
    '%' AS unit,
    1.0 AS target,
    settled + dead AS n,
    'Runs that ended dead ÷ runs that ended, last seven days' AS definition
FROM ended
UNION ALL BY NAME
SELECT
    'retry_volume' AS name,
    'reported' AS world,
    retries AS value,
    'attempts' AS unit,
    settled + dead AS n,
    'Attempts beyond the first, last seven days' AS definition
FROM ended
UNION ALL BY NAME
SELECT
    'replay_success' AS name,
    'reported' AS world,
    coalesce(sum(delivered), 0) AS numerator,
    coalesce(sum(delivered + failed), 0) AS denominator,
    100.0 AS scale,
    '%' AS unit,
    95.0 AS target,
    CAST(coalesce(sum(delivered + failed), 0) AS BIGINT) AS n,
    'Replays that delivered ÷ replays that ended' AS definition
FROM derived.state.mart_replay
UNION ALL BY NAME
SELECT
    'master_data_quality' AS name,
    'reported' AS world,
    count(*) FILTER (NOT missing AND NOT conflicting AND NOT doubled) AS numerator,
    count(*) AS denominator,
    100.0 AS scale,
    '%' AS unit,
    99.0 AS target,
    count(*) AS n,
    '1 − projects, customers and people with a missing, conflicting or duplicated owned attribute ÷ all of them'
        AS definition
FROM derived.state.attributed
UNION ALL BY NAME
SELECT
    'utilisation_visibility' AS name,
    'reported' AS world,
    coalesce(sum(hours) FILTER (posted), 0) AS numerator,
    coalesce(sum(hours), 0) AS denominator,
    100.0 AS scale,
    '%' AS unit,
    98.0 AS target,
    CAST(coalesce(sum(items), 0) AS BIGINT) AS n,
    'Approved hours that the ERP has ÷ approved hours' AS definition
FROM derived.state.work_day
WHERE kind = 'time' AND state <> 'not_approved';
