/*
Figures of billing and cash: what can be invoiced, how soon, what customers owe, and what is never billed.

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

-- figure_cash: one SELECT a figure
CREATE OR REPLACE TABLE derived.state.figure_cash AS
WITH work AS (
    SELECT
        CAST(coalesce(sum(items) FILTER (billable AND state IN ('ready', 'moving', 'blocked')), 0) AS BIGINT) AS judged,
        CAST(coalesce(sum(items) FILTER (
            billable AND state NOT IN ('billed', 'written_off')
        ), 0) AS BIGINT) AS unbilled,
        CAST(coalesce(sum(items) FILTER (
            state IN ('billed', 'written_off') AND kind <> 'milestone'
        ), 0) AS BIGINT) AS billed,
        CAST(coalesce(sum(items) FILTER (
            billable AND state <> 'not_approved' AND work_date < coalesce(t.last_from, elsewhere.last_from)
        ), 0) AS BIGINT) AS late
    FROM derived.state.work_day w
    CROSS JOIN (SELECT last_from FROM derived.state.mart_today WHERE legal_entity = '') elsewhere
    LEFT JOIN derived.state.mart_today t ON t.legal_entity = w.legal_entity
), cash AS (
    SELECT
        count(*) AS invoices,
        count(*) FILTER (right_once) AS right_once,
        count(*) FILTER (stands) AS standing,
        coalesce(sum(total) FILTER (stands), 0) - coalesce(sum(paid) FILTER (stands), 0) AS owed,
        count(*) FILTER (stands AND due) AS due,
        coalesce(sum(total) FILTER (stands AND due), 0) AS due_total,
        coalesce(sum(paid) FILTER (stands AND due), 0) AS due_paid
    FROM derived.state.receivable
), delivered AS (  -- of periods that are over for their company, each with the end of its last day of work there
    SELECT m.*, CAST(m.delivered_on + 1 AS TIMESTAMP) AT TIME ZONE coalesce(t.zone, elsewhere.zone) AS delivered_by
    FROM derived.state.delivery_month m
    CROSS JOIN (SELECT zone, period FROM derived.state.mart_today WHERE legal_entity = '') elsewhere
    LEFT JOIN derived.state.mart_today t ON t.legal_entity = m.legal_entity
    WHERE m.period < coalesce(t.period, elsewhere.period)
), ready AS (
    SELECT
        'reported' AS world,
        median((epoch_us(ready_at) - epoch_us(delivered_by)) / 3600000000.0) AS hours,
        count(*) AS n
    FROM delivered
    WHERE ready_at IS NOT NULL
    UNION ALL
    SELECT
        'against',
        median((epoch_us(coalesce(ready_at, {now})) - epoch_us(delivered_by)) / 3600000000.0),
        count(*)
    FROM delivered
    WHERE ready_at IS NOT NULL OR blocked
), sent AS (
    SELECT
        median(greatest(epoch_us(sent_by) - epoch_us(ready_at), 0) / 86400000000.0) AS days,
        count(*) AS n
    FROM derived.state.receivable
    WHERE stands AND ready_at IS NOT NULL AND issued_on IS NOT NULL
), ranked AS (  -- medians of counted values: the one in the middle, or the mean of the two there
    SELECT
        step,
        seconds,
        sum(items) OVER (PARTITION BY step ORDER BY seconds) AS upto,
        sum(items) OVER (PARTITION BY step) AS n
    FROM derived.state.work_lag
), lag AS (
    SELECT
        step,
        (min(seconds) FILTER (2 * upto >= n) + min(seconds) FILTER (2 * upto > n)) / 7200.0 AS hours,
        CAST(any_value(n) AS BIGINT) AS n
    FROM ranked
    GROUP BY step
)
SELECT
    'billing_readiness' AS name,
    s.world,
    s.ready AS numerator,
    s.ready + s.blocked AS denominator,
    100.0 AS scale,
    '%' AS unit,
    95.0 AS target,
    w.judged AS n,
    'time_entry' AS rests_on,
    'Ready ÷ (ready + blocked + on its way), in money' AS definition
FROM derived.state.figure_sum s, work w
UNION ALL BY NAME
SELECT
    'invoice_readiness_time' AS name,
    world,
    hours AS value,
    'h' AS unit,
    72.0 AS target,
    n,
    'time_entry' AS rests_on,
    'Median over projects and past periods of: all of it ready − end of the last day of delivery' AS definition
FROM ready
UNION ALL BY NAME
SELECT
    'invoice_cycle_time' AS name,
    'reported' AS world,
    days AS value,
    'days' AS unit,
    14.0 AS target,
    n,
    'invoice' AS rests_on,
    'Median of: invoice sent − the last of its work could be billed' AS definition
FROM sent
UNION ALL BY NAME
SELECT
    'billing_accuracy' AS name,
    'reported' AS world,
    right_once AS numerator,
    invoices AS denominator,
    100.0 AS scale,
    '%' AS unit,
    98.0 AS target,
    invoices AS n,
    'invoice' AS rests_on,
    'Invoices right the first time (never void or credited, nothing billed twice or above its worth) ÷ invoices sent'
        AS definition
FROM cash
UNION ALL BY NAME
SELECT
    'unbilled_work_in_progress' AS name,
    s.world,
    s.unbilled AS numerator,
    {currency} AS unit,
    w.unbilled AS n,
    'time_entry' AS rests_on,
    'Chargeable value that is on no invoice' AS definition
FROM derived.state.figure_sum s, work w
UNION ALL BY NAME
SELECT
    'wip_days' AS name,
    s.world,
    s.unbilled AS numerator,
    s.revenue_year AS denominator,
    s.days AS scale,
    'days' AS unit,
    30.0 AS target,
    w.unbilled AS n,
    'time_entry' AS rests_on,
    'Unbilled work ÷ revenue of the last 365 days × 365; of younger books, × the days that they cover' AS definition
FROM derived.state.figure_sum s, work w
UNION ALL BY NAME
SELECT
    'debtor_days' AS name,
    s.world,
    c.owed AS numerator,
    s.revenue_year AS denominator,
    s.days AS scale,
    'days' AS unit,
    45.0 AS target,
    c.standing AS n,
    'invoice payment' AS rests_on,
    'What invoices ask and customers have not paid ÷ revenue of the last 365 days × 365 (or the days covered)'
        AS definition
FROM derived.state.figure_sum s, cash c
UNION ALL BY NAME
SELECT
    'lock_up_days' AS name,
    s.world,
    s.unbilled + c.owed AS numerator,
    s.revenue_year AS denominator,
    s.days AS scale,
    'days' AS unit,
    75.0 AS target,
    w.unbilled + c.standing AS n,
    'time_entry invoice payment' AS rests_on,
    'WIP days + debtor days' AS definition
FROM derived.state.figure_sum s, work w, cash c
UNION ALL BY NAME
SELECT
    'revenue_leakage' AS name,
    s.world,
    s.lost AS numerator,
    s.late AS denominator,
    100.0 AS scale,
    '%' AS unit,
    1.0 AS target,
    w.late AS n,
    'time_entry' AS rests_on,
    'Earned two months ago or longer and never billed, written off, or billed below its value ÷ what was earned then'
        AS definition
FROM derived.state.figure_sum s, work w
UNION ALL BY NAME
SELECT
    'billing_realisation' AS name,
    s.world,
    s.billed AS numerator,
    s.standard AS denominator,
    100.0 AS scale,
    '%' AS unit,
    95.0 AS target,
    w.billed AS n,
    'time_entry invoice' AS rests_on,
    'What invoices that stand bill of time and expenses ÷ the value of that work and of what was written off'
        AS definition
FROM derived.state.figure_sum s, work w
UNION ALL BY NAME
SELECT
    'collection_realisation' AS name,
    'reported' AS world,
    due_paid AS numerator,
    due_total AS denominator,
    100.0 AS scale,
    '%' AS unit,
    98.0 AS target,
    due AS n,
    'invoice payment' AS rests_on,
    'Paid ÷ billed, of invoices sent more than thirty days ago' AS definition
FROM cash
UNION ALL BY NAME
SELECT
    'time_entry_lag' AS name,
    'reported' AS world,
    hours AS value,
    'h' AS unit,
    48.0 AS target,
    coalesce(n, 0) AS n,
    'time_entry' AS rests_on,
    'Median of: handed in − worked' AS definition
FROM (VALUES ('entry')) AS one(step)
LEFT JOIN lag USING (step)
UNION ALL BY NAME
SELECT
    'approval_lag' AS name,
    'reported' AS world,
    hours AS value,
    'h' AS unit,
    48.0 AS target,
    coalesce(n, 0) AS n,
    'time_entry' AS rests_on,
    'Median of: approved − handed in' AS definition
FROM (VALUES ('approval')) AS one(step)
LEFT JOIN lag USING (step);
