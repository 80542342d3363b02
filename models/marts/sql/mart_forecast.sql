/*
Each project at its completion: what it was sold for, what it has come to, what is still to come, and why its margin
erodes. Done is the approved work, left is what its manager estimates; a project that is billed by milestones earns what
its contract says, any other what its hours bill.

grain: project_key

    project_key                  VARCHAR        -                   the project's code
    name                         VARCHAR        -                   what the project is called
    customer_name                VARCHAR        -                   whose project it is
    legal_entity                 VARCHAR        -                   which company of the firm sells it
    service_line                 VARCHAR        -                   of the project
    fixed                        BOOLEAN        -                   billed by milestones whatever the work takes
    sold_revenue                 DECIMAL(18,2)  reporting currency  as planned when it was sold
    sold_cost                    DECIMAL(18,2)  reporting currency  as planned when it was sold
    sold_hours                   DECIMAL(18,2)  h                   as planned when it was sold
    sold_rate                    DECIMAL(18,4)  reporting currency  planned revenue an hour
    sold_cost_rate               DECIMAL(18,4)  reporting currency  planned cost an hour
    hours                        DECIMAL(18,2)  h                   approved work
    billable_hours               DECIMAL(18,2)  h                   of these billed to the customer by the hour
    revenue                      DECIMAL(18,2)  reporting currency  what approved work and done milestones bill
    cost                         DECIMAL(18,2)  reporting currency  what approved work cost
    hours_to_complete            DECIMAL(18,2)  h                   by the manager's estimate
    cost_to_complete             DECIMAL(18,2)  reporting currency  by the manager's estimate
    revenue_to_complete          DECIMAL(18,2)  reporting currency  left of the contract, or hours left at their rate
    revenue_at_completion        DECIMAL(18,2)  reporting currency  revenue + revenue_to_complete
    cost_at_completion           DECIMAL(18,2)  reporting currency  cost + cost_to_complete (EAC, bottom-up)
    margin_at_completion         DECIMAL(18,2)  reporting currency  revenue - cost at completion
    complete                     DECIMAL(9,4)   %                   how much of the work is done, by the manager
    planned                      DECIMAL(9,4)   %                   what should be done by the baseline's working days
    baseline_ends_on             DATE           day                 last day as planned when it was sold
    forecast_ends_on             DATE           day                 last day as expected now
    slip_days                    INTEGER        days                forecast - baseline; below zero is early
    erosion                      DECIMAL(18,2)  reporting currency  margin as sold - margin at completion
    erosion_rate                 DECIMAL(18,2)  reporting currency  of it: hours billed below the rate they were sold at
    erosion_mix                  DECIMAL(18,2)  reporting currency  of it: hours that cost more than they were sold at
    erosion_hours                DECIMAL(18,2)  reporting currency  of it: more (or, billed by the hour, fewer) hours
    erosion_unbilled             DECIMAL(18,2)  reporting currency  of it: hours that the customer does not pay for
    erosion_written_off          DECIMAL(18,2)  reporting currency  of it: written off, or billed below its worth
    erosion_unexplained          DECIMAL(18,2)  reporting currency  of it: the rest, expenses that nobody pays among it
    items                        BIGINT         items               approved work, milestones among it
    open_items                   BIGINT         items               work that an open case is about
*/

-- mart_forecast: sold, done and left, and the bridge between the two margins
CREATE OR REPLACE TABLE derived.state.mart_forecast AS
WITH estimate AS (
    SELECT
        e.project_code,
        max(e.baseline_starts_on) AS baseline_starts_on,
        max(e.baseline_ends_on) AS baseline_ends_on,
        max(e.forecast_ends_on) AS forecast_ends_on,
        max(e.complete) AS complete,
        sum(e.hours_to_complete) AS hours,
        -- At the rate of the day on which its manager said so.
        sum(derived.state.cents(e.cost_to_complete * coalesce(zx.rate, fx.rate))) AS cost,
        coalesce(bool_or(e.cost_to_complete <> 0 AND coalesce(zx.rate, fx.rate) IS NULL), false) AS unconverted
    FROM derived.state.forecast e
    CROSS JOIN derived.state.firm_day firm
    LEFT JOIN derived.state.mart_project p ON p.project_key = e.project_code
    LEFT JOIN derived.state.fx_day fx
        ON fx.currency = e.currency AND fx.day = derived.state.rate_day(coalesce(e.estimated_on, firm.day))
    LEFT JOIN derived.state.fx_frozen zx
        ON zx.legal_entity = p.legal_entity AND zx.currency = e.currency AND zx.day = e.estimated_on
    GROUP BY e.project_code
), work AS (
    SELECT
        p.project_key,
        p.name,
        p.customer_name,
        p.legal_entity,
        p.service_line,
        s.fixed,
        s.planned AS sold_revenue,
        s.cost AS sold_cost,
        s.hours AS sold_hours,
        s.rate AS sold_rate,
        s.cost_rate AS sold_cost_rate,
        s.revenue AS contract,
        coalesce(w.items, 0) AS items,
        coalesce(w.hours, 0) AS hours,
        coalesce(w.billable_hours, 0) AS billable_hours,
        coalesce(w.time_revenue, 0) AS time_revenue,
        coalesce(w.time_cost, 0) AS time_cost,
        coalesce(w.expense_revenue, 0) AS expense_revenue,
        coalesce(w.expense_cost, 0) AS expense_cost,
        coalesce(w.milestones, 0) AS milestones,
        coalesce(w.written_down, 0) AS written_down,
        coalesce(w.time_written_off, 0) AS time_written_off,
        coalesce(w.expense_written_off, 0) AS expense_written_off,
        coalesce(w.milestone_written_off, 0) AS milestone_written_off,
        e.hours AS hours_left,
        e.cost AS cost_left,
        e.complete,
        e.baseline_starts_on,
        e.baseline_ends_on,
        e.forecast_ends_on
    FROM derived.state.mart_project p
    JOIN derived.state.sold s ON s.project_key = p.project_key
    JOIN estimate e ON e.project_code = p.project_key
    LEFT JOIN derived.state.project_work w ON w.project_key = p.project_key
    WHERE s.planned IS NOT NULL AND s.cost IS NOT NULL AND s.hours > 0 AND NOT e.unconverted
), left_over AS (
    SELECT
        *,
        -- Hours still to come are billed as those that are done, else as they were sold; nobody has written them off.
        CASE WHEN hours > 0 THEN (time_revenue + time_written_off) / hours ELSE sold_rate END * hours_left
            AS hours_bill,
        CASE WHEN hours > 0 THEN billable_hours / hours ELSE 1 END * hours_left AS billable_left
    FROM work
), total AS (
    SELECT
        *,
        CASE WHEN fixed THEN expense_revenue + contract - milestone_written_off
            ELSE time_revenue + expense_revenue + milestones + hours_bill
        END AS revenue_end,
        time_cost + expense_cost + cost_left AS cost_end,
        hours + hours_left AS hours_end,
        billable_hours + billable_left AS billable_end
    FROM left_over
), bridge AS (
    SELECT
        *,
        (sold_revenue - sold_cost) - (revenue_end - cost_end) AS erosion,
        CASE WHEN fixed THEN sold_revenue - contract
            ELSE billable_end * sold_rate - (time_revenue + time_written_off + hours_bill + written_down)
        END AS by_rate,
        time_cost + cost_left - hours_end * sold_cost_rate AS by_mix,
        CASE WHEN fixed THEN (hours_end - sold_hours) * sold_cost_rate
            ELSE (sold_hours - hours_end) * (sold_rate - sold_cost_rate)
        END AS by_hours,
        CASE WHEN fixed THEN 0 ELSE (hours_end - billable_end) * sold_rate END AS by_unbilled,
        CASE WHEN fixed THEN 0 ELSE written_down + time_written_off END + expense_written_off + milestone_written_off
            AS by_written_off
    FROM total
), open AS (
    SELECT project_key, sum(items) AS items FROM derived.state.settlement WHERE world = 'for' GROUP BY project_key
), days AS (  -- working days of the baseline, and those of them that have passed where the company is
    SELECT
        project_key,
        count(*) AS planned,
        count(*) FILTER (w.day < coalesce(t.today, elsewhere.today)) AS passed
    FROM (
        SELECT
            project_key,
            legal_entity,
            CAST(unnest(generate_series(baseline_starts_on, baseline_ends_on, INTERVAL 1 DAY)) AS DATE) AS day
        FROM work
        WHERE baseline_ends_on < baseline_starts_on + 3660
    ) w
    CROSS JOIN (SELECT today FROM derived.state.mart_today WHERE legal_entity = '') elsewhere
    LEFT JOIN derived.state.mart_today t ON t.legal_entity = w.legal_entity
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = w.legal_entity
    ANTI JOIN derived.state.closed_day c ON c.legal_entity = w.legal_entity AND c.day = w.day
    WHERE NOT contains(coalesce(z.weekend, '67'), CAST(isodow(w.day) AS VARCHAR))
    GROUP BY project_key
)
SELECT
    b.project_key,
    b.name,
    b.customer_name,
    b.legal_entity,
    b.service_line,
    b.fixed,
    b.sold_revenue,
    b.sold_cost,
    b.sold_hours,
    CAST(b.sold_rate AS DECIMAL(18,4)) AS sold_rate,
    CAST(b.sold_cost_rate AS DECIMAL(18,4)) AS sold_cost_rate,
    CAST(b.hours AS DECIMAL(18,2)) AS hours,
    CAST(b.billable_hours AS DECIMAL(18,2)) AS billable_hours,
    CAST(b.time_revenue + b.expense_revenue + b.milestones AS DECIMAL(18,2)) AS revenue,
    CAST(b.time_cost + b.expense_cost AS DECIMAL(18,2)) AS cost,
    CAST(b.hours_left AS DECIMAL(18,2)) AS hours_to_complete,
    CAST(b.cost_left AS DECIMAL(18,2)) AS cost_to_complete,
    CAST(b.revenue_end - b.time_revenue - b.expense_revenue - b.milestones AS DECIMAL(18,2)) AS revenue_to_complete,
    CAST(b.revenue_end AS DECIMAL(18,2)) AS revenue_at_completion,
    CAST(b.cost_end AS DECIMAL(18,2)) AS cost_at_completion,
    CAST(b.revenue_end - b.cost_end AS DECIMAL(18,2)) AS margin_at_completion,
    b.complete,
    CAST(100.0 * d.passed / nullif(d.planned, 0) AS DECIMAL(9,4)) AS planned,
    b.baseline_ends_on,
    b.forecast_ends_on,
    CAST(b.forecast_ends_on - b.baseline_ends_on AS INTEGER) AS slip_days,
    CAST(b.erosion AS DECIMAL(18,2)) AS erosion,
    CAST(b.by_rate AS DECIMAL(18,2)) AS erosion_rate,
    CAST(b.by_mix AS DECIMAL(18,2)) AS erosion_mix,
    CAST(b.by_hours AS DECIMAL(18,2)) AS erosion_hours,
    CAST(b.by_unbilled AS DECIMAL(18,2)) AS erosion_unbilled,
    CAST(b.by_written_off AS DECIMAL(18,2)) AS erosion_written_off,
    CAST(b.erosion AS DECIMAL(18,2)) - CAST(b.by_rate AS DECIMAL(18,2)) - CAST(b.by_mix AS DECIMAL(18,2))
        - CAST(b.by_hours AS DECIMAL(18,2)) - CAST(b.by_unbilled AS DECIMAL(18,2))
        - CAST(b.by_written_off AS DECIMAL(18,2)) AS erosion_unexplained,
    b.items,
    CAST(coalesce(o.items, 0) AS BIGINT) AS open_items
FROM bridge b
LEFT JOIN days d ON d.project_key = b.project_key
LEFT JOIN open o ON o.project_key = b.project_key;
