/*
The figures with a definition of their own, each with its unit, its target and how many things it rests on. Ratios are
sums over sums, never means of ratios.

grain: name

    name    VARCHAR        -     which figure
    value   DECIMAL(18,2)  unit  none where there is nothing to measure
    unit    VARCHAR        -     h, s, %, a currency, or what is counted
    target  DOUBLE         unit  what it should be; none for figures that only inform
    as_of   TIMESTAMPTZ    UTC   the moment of the figure
    n       BIGINT         -     how many projects, items, runs or answers it rests on
*/

-- mart_kpi: one SELECT a figure
CREATE OR REPLACE TABLE memory.state.mart_kpi AS
WITH work AS (
    SELECT * FROM memory.state.mart_work
), ended AS (
    SELECT
        coalesce(sum(settled), 0) AS settled,
        coalesce(sum(dead), 0) AS dead,
        coalesce(sum(retries), 0) AS retries
    FROM memory.state.mart_flow_hour
), touched AS (
    SELECT count(*) AS n FROM records WHERE kind = 'operator_action' AND status <> 'done'
), checked AS (
    SELECT count(*) AS n, count(*) FILTER (p.missing IS NOT NULL AND p.missing NOT IN ('[]', 'null')) AS bad
    FROM memory.state.project p
    WHERE role = 'crm'
), invoices AS (
    SELECT count(*) AS n, count(*) FILTER (status <> 'void') AS good
    FROM memory.state.invoice
    WHERE status <> 'draft'
), figure AS (
    SELECT
        'project_setup_cycle_time' AS name,
        median((epoch_us(usable_at) - epoch_us(closed_won_at)) / 3600000000.0) AS value,
        'h' AS unit,
        24.0 AS target,
        count(*) AS n
    FROM memory.state.mart_project
    WHERE usable_at IS NOT NULL AND closed_won_at IS NOT NULL AND usable_at >= closed_won_at
    UNION ALL
    SELECT 'sync_lag_psa_erp', quantile_cont(lag, 0.95), 's', {lag_target}, count(lag)
    FROM memory.state.answer
    WHERE flow = 'time-to-bill' AND source <> target
    UNION ALL
    SELECT 'sync_lag_psa_erp_p50', quantile_cont(lag, 0.5), 's', NULL, count(lag)
    FROM memory.state.answer
    WHERE flow = 'time-to-bill' AND source <> target
    UNION ALL
    SELECT
        'invoice_readiness_time',
        median((epoch_us(posted_at) - epoch_us(approved_at)) / 3600000000.0),
        'h',
        4.0,
        count(*)
    FROM work
    WHERE posted_at IS NOT NULL AND approved_at IS NOT NULL AND posted_at >= approved_at
    UNION ALL
    SELECT
        'failed_transaction_ageing',
        coalesce(sum(failures) FILTER (bucket_order >= 4), 0),
        'failures > 24 h',
        0.0,
        CAST(coalesce(sum(failures), 0) AS BIGINT)
    FROM memory.state.mart_failure_age
    UNION ALL
    SELECT
        'manual_reconciliation_effort',
        1000.0 * t.n / nullif(e.settled, 0),
        'actions / 1,000',
        5.0,
        CAST(e.settled AS BIGINT)
    FROM touched t, ended e
    UNION ALL
    SELECT 'billing_accuracy', 100.0 * good / nullif(n, 0), '%', 98.0, n
    FROM invoices
    UNION ALL
    SELECT
        'billing_readiness',
        100.0 * CAST(coalesce(sum(bill_reporting) FILTER (state = 'ready'), 0) AS DOUBLE)
            / nullif(CAST(sum(bill_reporting) FILTER (state IN ('ready', 'blocked')) AS DOUBLE), 0),
        '%',
        95.0,
        count(*) FILTER (state IN ('ready', 'blocked'))
    FROM work
    WHERE billable
    UNION ALL
    SELECT
        'utilisation_visibility',
        100.0 * CAST(coalesce(sum(hours) FILTER (posted_at IS NOT NULL), 0) AS DOUBLE)
            / nullif(CAST(sum(hours) AS DOUBLE), 0),
        '%',
        98.0,
        count(*)
    FROM work
    WHERE kind = 'time' AND state <> 'not_approved'
    UNION ALL
    SELECT
        'billable_share',
        100.0 * CAST(coalesce(sum(hours) FILTER (billable), 0) AS DOUBLE) / nullif(CAST(sum(hours) AS DOUBLE), 0),
        '%',
        75.0,
        count(*)
    FROM work
    WHERE kind = 'time'
    UNION ALL
    SELECT
        'effective_bill_rate',
        CAST(sum(bill_reporting) AS DOUBLE) / nullif(CAST(sum(hours) AS DOUBLE), 0),
        {currency} || ' / h',
        NULL,
        count(*)
    FROM work
    WHERE kind = 'time'
    UNION ALL
    SELECT
        'margin_consistency',
        100.0 * CAST(sum(abs(difference_reporting)) AS DOUBLE)
            / nullif(CAST(sum(abs(erp_margin_reporting)) AS DOUBLE), 0),
        '%',
        1.0,
        count(*)
    FROM memory.state.mart_margin
    UNION ALL
    SELECT
        'project_gross_margin',
        100.0 * CAST(sum(margin_reporting) AS DOUBLE) / nullif(CAST(sum(revenue_reporting) AS DOUBLE), 0),
        '%',
        35.0,
        count(*)
    FROM memory.state.mart_margin
    UNION ALL
    SELECT
        'time_entry_lag',
        median((epoch_us(submitted_at) - epoch_us(CAST(work_date AS TIMESTAMPTZ))) / 3600000000.0),
        'h',
        48.0,
        count(*)
    FROM work
    WHERE kind = 'time' AND submitted_at IS NOT NULL
    UNION ALL
    SELECT
        'approval_lag',
        median((epoch_us(approved_at) - epoch_us(submitted_at)) / 3600000000.0),
        'h',
        48.0,
        count(*)
    FROM work
    WHERE kind <> 'milestone'
        AND approved_at IS NOT NULL
        AND submitted_at IS NOT NULL
        AND approved_at >= submitted_at
    UNION ALL
    SELECT 'failure_rate', 100.0 * dead / nullif(settled + dead, 0), '%', 1.0, CAST(settled + dead AS BIGINT)
    FROM ended
    UNION ALL
    SELECT 'retry_volume', 1.0 * retries, 'attempts', NULL, CAST(settled + dead AS BIGINT)
    FROM ended
    UNION ALL
    SELECT
        'replay_success',
        100.0 * sum(delivered) / nullif(sum(delivered + failed), 0),
        '%',
        95.0,
        CAST(coalesce(sum(delivered + failed), 0) AS BIGINT)
    FROM memory.state.mart_replay
    UNION ALL
    SELECT 'master_data_quality', 100.0 * (1 - bad / nullif(n, 0)), '%', 99.0, n
    FROM checked
)
SELECT
    name,
    CAST(round(value, 2) AS DECIMAL(18,2)) AS value,
    unit,
    CAST(target AS DOUBLE) AS target,
    {now} AS as_of,
    CAST(n AS BIGINT) AS n
FROM figure
UNION ALL
-- Money is summed as it is: through the figures above it would become a DOUBLE.
SELECT
    'unbilled_work_in_progress',
    CAST(sum(bill_reporting) FILTER (state <> 'billed') AS DECIMAL(18,2)),
    {currency},
    NULL,
    {now},
    count(*) FILTER (state <> 'billed')
FROM work
WHERE billable;
