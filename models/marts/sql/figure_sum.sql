/*
The sums that the figures divide, once as reported and once for each way of settling all open cases.

grain: world

    world           VARCHAR        -                   reported, adjusted, against or for (see settlement)
    revenue         DECIMAL(38,2)  reporting currency  earned: billable work in the ERP, milestones done
    cost            DECIMAL(38,2)  reporting currency  of all work in the ERP
    hours           DECIMAL(38,2)  h                   of all work in the ERP
    fees            DECIMAL(38,2)  reporting currency  earned by time and milestones, without expenses
    ready           DECIMAL(38,2)  reporting currency  can be invoiced now
    blocked         DECIMAL(38,2)  reporting currency  approved, and not ready: held up or on its way
    unbilled        DECIMAL(38,2)  reporting currency  chargeable and on no invoice
    late            DECIMAL(38,2)  reporting currency  approved and chargeable, and its time to be billed has passed
    lost            DECIMAL(38,2)  reporting currency  of that never billed or written off, and what was billed too low
    utilised        DECIMAL(38,2)  h                   billable and approved, in the last twelve weeks
    revenue_year    DECIMAL(38,2)  reporting currency  earned in the last 365 days
    days            BIGINT         days                of these, how many the books cover
    billed          DECIMAL(38,2)  reporting currency  by time and expense lines of invoices that stand
    standard        DECIMAL(38,2)  reporting currency  what the work on these lines, and what was written off, is worth
*/

-- figure_sum: the work by its days, its margin, and what the open cases add
CREATE OR REPLACE TABLE derived.state.figure_sum AS
WITH work AS (
    SELECT
        coalesce(sum(hours) FILTER (state <> 'not_approved' AND posted), 0) AS hours,
        coalesce(sum(bill) FILTER (
            kind <> 'expense' AND (posted OR (kind = 'milestone' AND state IN ('ready', 'billed')))
        ), 0) AS fees,
        coalesce(sum(bill) FILTER (billable AND state = 'ready'), 0) AS ready,
        coalesce(sum(bill) FILTER (billable AND state IN ('blocked', 'moving')), 0) AS blocked,
        coalesce(sum(bill) FILTER (billable AND state NOT IN ('billed', 'written_off')), 0) AS unbilled,
        coalesce(sum(bill) FILTER (
            billable AND state <> 'not_approved' AND work_date < coalesce(t.last_from, elsewhere.last_from)
        ), 0) AS late,
        coalesce(sum(bill) FILTER (
            billable AND state IN ('ready', 'moving', 'blocked', 'written_off')
            AND work_date < coalesce(t.last_from, elsewhere.last_from)
        ), 0) AS lost,
        coalesce(sum(hours) FILTER (
            billable AND state <> 'not_approved' AND work_date >= span.week_from AND work_date < span.week_to
        ), 0) AS utilised
    FROM derived.state.work_day w
    CROSS JOIN derived.state.span span
    CROSS JOIN (SELECT last_from FROM derived.state.mart_today WHERE legal_entity = '') elsewhere
    LEFT JOIN derived.state.mart_today t ON t.legal_entity = w.legal_entity
), billed AS (
    SELECT
        coalesce(sum(bill) FILTER (state = 'billed'), 0) AS billed,
        coalesce(sum(work), 0) AS standard,
        coalesce(sum(cut) FILTER (state = 'billed'), 0) AS cut
    FROM derived.state.work_day
    WHERE state IN ('billed', 'written_off') AND kind <> 'milestone'
), margin AS (
    SELECT
        coalesce(sum(revenue_reporting), 0) AS revenue,
        coalesce(sum(cost_reporting), 0) AS cost,
        -- From the beginning of the company's period in which that day lies.
        coalesce(sum(revenue_reporting) FILTER (
            m.month >= coalesce(d.first, date_trunc('month', span.year_from))
        ), 0) AS revenue_year
    FROM derived.state.mart_margin m
    CROSS JOIN derived.state.span span
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = m.legal_entity
    LEFT JOIN derived.state.fiscal_day d ON d.year = z.year AND d.day = span.year_from
), settled AS (
    SELECT
        world,
        sum(revenue) AS revenue,
        sum(cost) AS cost,
        sum(hours) AS hours,
        sum(ready) AS ready,
        sum(blocked) AS blocked,
        sum(unbilled) AS unbilled,
        sum(billed) AS billed,
        sum(lost) AS lost,
        sum(utilised) AS utilised
    FROM derived.state.settlement
    GROUP BY world
)
SELECT
    world.world,
    m.revenue + coalesce(s.revenue, 0) AS revenue,
    m.cost + coalesce(s.cost, 0) AS cost,
    w.hours + coalesce(s.hours, 0) AS hours,
    w.fees + coalesce(s.revenue, 0) AS fees,
    w.ready + coalesce(s.ready, 0) AS ready,
    w.blocked + coalesce(s.blocked, 0) AS blocked,
    w.unbilled + coalesce(s.unbilled, 0) AS unbilled,
    w.late,
    w.lost + b.cut + coalesce(s.lost, 0) AS lost,
    w.utilised + coalesce(s.utilised, 0) AS utilised,
    m.revenue_year + coalesce(s.revenue, 0) AS revenue_year,
    span.days,
    b.billed + coalesce(s.billed, 0) AS billed,
    b.standard
FROM derived.state.world world
CROSS JOIN work w
CROSS JOIN billed b
CROSS JOIN margin m
CROSS JOIN derived.state.span span
LEFT JOIN settled s ON s.world = world.world;
