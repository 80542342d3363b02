/*
Figures of margin and delivery: what projects earn and will have earned, what is still to be earned, and how late they
are.

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

-- contracted: what is sold and not yet earned, project by project, now and as its company's quarter began
CREATE OR REPLACE TABLE derived.state.contracted AS
WITH began AS (
    SELECT
        p.project_key,
        coalesce(t.quarter_from, elsewhere.quarter_from) AS quarter_from,
        CASE WHEN p.closed_won_at IS NOT NULL THEN p.sold_on END AS won_on
    FROM derived.state.mart_project p
    CROSS JOIN (SELECT quarter_from FROM derived.state.mart_today WHERE legal_entity = '') elsewhere
    LEFT JOIN derived.state.mart_today t ON t.legal_entity = p.legal_entity
), earned AS (
    SELECT
        m.project_key,
        sum(m.revenue_reporting) AS revenue,
        coalesce(sum(m.revenue_reporting) FILTER (m.month < b.quarter_from), 0) AS before
    FROM derived.state.mart_margin m
    LEFT JOIN began b ON b.project_key = m.project_key
    GROUP BY m.project_key
)
SELECT
    p.project_key,
    -- A milestone that was written off is not earned, and never will be.
    greatest(s.revenue - coalesce(e.revenue, 0) - coalesce(k.milestone_written_off, 0), 0) AS backlog,
    CASE WHEN b.won_on < b.quarter_from
        THEN greatest(s.revenue - coalesce(e.before, 0), 0) ELSE 0
    END AS backlog_then,
    coalesce(p.in_crm, false) AND coalesce(p.in_erp, false) AND coalesce(p.in_psa, false) AS set_up
FROM derived.state.mart_project p
JOIN began b ON b.project_key = p.project_key
JOIN derived.state.sold s ON s.project_key = p.project_key
LEFT JOIN earned e ON e.project_key = p.project_key
LEFT JOIN derived.state.project_work k ON k.project_key = p.project_key
WHERE s.revenue IS NOT NULL
    AND coalesce(p.status_crm, 'active') NOT IN ('closed', 'cancelled', 'lost')
    AND coalesce(p.status_psa, 'active') NOT IN ('closed', 'cancelled');

-- figure_delivery: one SELECT a figure
CREATE OR REPLACE TABLE derived.state.figure_delivery AS
WITH backlog AS (
    SELECT
        w.world,
        sum(CASE
            WHEN w.world = 'reported' OR c.set_up THEN c.backlog
            WHEN w.world = 'against' THEN 0
            ELSE c.backlog
        END) AS money,
        count(*) AS n
    FROM derived.state.world w
    CROSS JOIN derived.state.contracted c
    GROUP BY w.world
), quarter AS (
    -- Of what one company is to earn and nobody can convert there is no share.
    SELECT
        CASE WHEN bool_and(coalesce(zx.rate, fx.rate) IS NOT NULL)
            THEN CAST(sum(derived.state.cents(t.revenue * coalesce(zx.rate, fx.rate))) AS DECIMAL(18,2))
        END AS target
    FROM derived.state.revenue_target t
    LEFT JOIN derived.state.fx_day fx ON fx.currency = t.currency AND fx.day = derived.state.rate_day(t.starts_on)
    LEFT JOIN derived.state.fx_frozen zx
        ON zx.legal_entity = t.legal_entity AND zx.currency = t.currency AND zx.day = t.starts_on
    CROSS JOIN (SELECT today FROM derived.state.mart_today WHERE legal_entity = '') elsewhere
    LEFT JOIN derived.state.mart_today d ON d.legal_entity = t.legal_entity
    WHERE coalesce(d.today, elsewhere.today) BETWEEN t.starts_on AND t.ends_on
), began AS (
    SELECT sum(backlog_then) AS money, count(*) FILTER (backlog_then > 0) AS n FROM derived.state.contracted
), forecast AS (
    SELECT
        w.world,
        sum(f.revenue_at_completion + coalesce(s.revenue, 0)) AS revenue,
        sum(f.cost_at_completion + coalesce(s.cost, 0)) AS cost,
        sum(f.sold_revenue) AS sold_revenue,
        sum(f.sold_cost) AS sold_cost,
        count(*) AS n
    FROM derived.state.world w
    CROSS JOIN derived.state.mart_forecast f
    LEFT JOIN (
        -- Work that was billed or is approved is in the forecast already: only what a case may take away, and what
        -- nobody has approved yet, changes it.
        SELECT project_key, world, sum(least(revenue, 0)) AS revenue, 0 AS cost
        FROM derived.state.settlement
        GROUP BY ALL
    ) s ON s.project_key = f.project_key AND s.world = w.world
    GROUP BY w.world
), earned AS (
    SELECT
        CAST(sum(complete * sold_cost) / 100 AS DECIMAL(38,2)) AS ev,
        CAST(sum(planned * sold_cost) / 100 AS DECIMAL(38,2)) AS pv,
        sum(cost) AS ac,
        sum(sold_cost) AS bac,
        sum(cost_at_completion) AS eac,
        count(*) AS n
    FROM derived.state.mart_forecast
    WHERE complete IS NOT NULL AND planned IS NOT NULL
), late AS (
    SELECT sum(f.slip_days) AS days, count(*) AS n
    FROM derived.state.mart_forecast f
    CROSS JOIN (SELECT today FROM derived.state.mart_today WHERE legal_entity = '') elsewhere
    LEFT JOIN derived.state.mart_today t ON t.legal_entity = f.legal_entity
    WHERE f.slip_days IS NOT NULL
        AND (f.hours_to_complete > 0 OR f.forecast_ends_on >= coalesce(t.today, elsewhere.today))
), margins AS (
    SELECT
        coalesce(sum(abs(difference_reporting)), 0) AS difference,
        coalesce(sum(abs(erp_margin_reporting)), 0) AS margin,
        count(*) AS n
    FROM derived.state.mart_margin
)
SELECT
    'project_gross_margin' AS name,
    s.world,
    s.revenue - s.cost AS numerator,
    s.revenue AS denominator,
    100.0 AS scale,
    '%' AS unit,
    35.0 AS target,
    m.n,
    'time_entry' AS rests_on,
    '(Revenue − direct delivery cost) ÷ revenue' AS definition
FROM derived.state.figure_sum s, margins m
UNION ALL BY NAME
SELECT
    'margin_consistency' AS name,
    'reported' AS world,
    difference AS numerator,
    margin AS denominator,
    100.0 AS scale,
    '%' AS unit,
    1.0 AS target,
    n,
    'time_entry' AS rests_on,
    'Σ |margin in the PSA − margin in the ERP| ÷ Σ |margin in the ERP|, by project and month' AS definition
FROM margins
UNION ALL BY NAME
SELECT
    'margin_at_completion' AS name,
    world,
    revenue - cost AS numerator,
    revenue AS denominator,
    100.0 AS scale,
    '%' AS unit,
    35.0 AS target,
    n,
    'budget forecast time_entry' AS rests_on,
    '(Revenue at completion − EAC cost) ÷ revenue at completion; EAC = actual cost + estimate to complete' AS definition
FROM forecast
UNION ALL BY NAME
SELECT
    'margin_erosion' AS name,
    world,
    (sold_revenue - sold_cost) - (revenue - cost) AS numerator,
    {currency} AS unit,
    n,
    'budget forecast time_entry' AS rests_on,
    'Margin as sold − margin at completion; the Margin page shows the bridge by project' AS definition
FROM forecast
UNION ALL BY NAME
SELECT
    'backlog' AS name,
    world,
    money AS numerator,
    {currency} AS unit,
    n,
    'project' AS rests_on,
    'Contract value with approved changes − revenue earned, of projects that are not closed' AS definition
FROM backlog
UNION ALL BY NAME
SELECT
    'backlog_coverage' AS name,
    'reported' AS world,
    b.money AS numerator,
    q.target AS denominator,
    100.0 AS scale,
    '%' AS unit,
    80.0 AS target,
    b.n,
    'project revenue_target' AS rests_on,
    'Backlog as the quarter began ÷ the quarter''s revenue target' AS definition
FROM began b, quarter q
UNION ALL BY NAME
SELECT
    'cost_performance_index' AS name,
    'reported' AS world,
    ev AS numerator,
    ac AS denominator,
    1.0 AS scale,
    'ratio' AS unit,
    1.0 AS target,
    n,
    'budget forecast time_entry' AS rests_on,
    'CPI = EV ÷ AC; EV = complete % × planned cost, AC = cost of approved work' AS definition
FROM earned
UNION ALL BY NAME
SELECT
    'schedule_performance_index' AS name,
    'reported' AS world,
    ev AS numerator,
    pv AS denominator,
    1.0 AS scale,
    'ratio' AS unit,
    1.0 AS target,
    n,
    'budget forecast' AS rests_on,
    'SPI = EV ÷ PV; PV = share of the baseline''s working days passed × planned cost' AS definition
FROM earned
UNION ALL BY NAME
SELECT
    'estimate_at_completion' AS name,
    'reported' AS world,
    eac AS numerator,
    {currency} AS unit,
    n,
    'budget forecast time_entry' AS rests_on,
    'EAC = cost of approved work + the managers'' bottom-up estimates to complete' AS definition
FROM earned
UNION ALL BY NAME
SELECT
    'variance_at_completion' AS name,
    'reported' AS world,
    bac - eac AS numerator,
    {currency} AS unit,
    n,
    'budget forecast time_entry' AS rests_on,
    'VAC = planned cost − EAC' AS definition
FROM earned
UNION ALL BY NAME
SELECT
    'schedule_slippage' AS name,
    'reported' AS world,
    days AS numerator,
    n AS denominator,
    1.0 AS scale,
    'days' AS unit,
    5.0 AS target,
    n,
    'forecast' AS rests_on,
    'Σ (forecast finish − baseline finish) ÷ projects that are not done' AS definition
FROM late;
