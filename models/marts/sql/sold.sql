/*
What each project was sold for: revenue, cost and hours as agreed, in the reporting currency at the rates of the day on
which it was sold.

grain: project_key

    project_key  VARCHAR        -                   the project's code
    revenue      DECIMAL(18,2)  reporting currency  what the customer is to pay: the contract's value, else the budget's
    planned      DECIMAL(18,2)  reporting currency  the revenue that the cost was planned for
    cost         DECIMAL(18,2)  reporting currency  what the work was planned to cost
    hours        DECIMAL(18,2)  h                   how much work was planned
    rate         DOUBLE         reporting currency  planned revenue an hour
    cost_rate    DOUBLE         reporting currency  planned cost an hour
    fixed        BOOLEAN        -                   billed by milestones whatever the work takes
    caps         BOOLEAN        -                   no more than the contract's cap can be billed
    unconverted  BOOLEAN        -                   some of it no rate converts: then there is no sum of it
*/

-- sold_rate: what a currency was worth on the day on which each project was sold
CREATE OR REPLACE TABLE derived.state.sold_rate AS
SELECT p.project_key, fx.currency, coalesce(zx.rate, fx.rate) AS rate
FROM derived.state.mart_project p
JOIN derived.state.fx_day fx ON fx.day = derived.state.rate_day(p.sold_on)
LEFT JOIN derived.state.fx_frozen zx
    ON zx.legal_entity = p.legal_entity AND zx.currency = fx.currency AND zx.day = p.sold_on;

-- sold: the budget of the portfolio and the contract of the ERP
CREATE OR REPLACE TABLE derived.state.sold AS
WITH contract AS (
    SELECT
        c.project_code,
        sum(derived.state.cents(c.value * fx.rate)) AS value,
        coalesce(bool_or(c.value <> 0 AND fx.rate IS NULL), false) AS unconverted,
        bool_or(c.billing_rule = 'milestone') AS fixed,
        bool_or(c.cap IS NOT NULL) AS caps
    FROM derived.state.contract c
    LEFT JOIN derived.state.sold_rate fx ON fx.project_key = c.project_code AND fx.currency = c.currency
    WHERE c.role = 'erp'
    GROUP BY c.project_code
), budget AS (
    SELECT
        b.project_code,
        sum(derived.state.cents(b.value * fx.rate)) AS revenue,
        sum(derived.state.cents(b.cost * fx.rate)) AS cost,
        coalesce(bool_or((b.value <> 0 OR b.cost <> 0) AND fx.rate IS NULL), false) AS unconverted,
        sum(b.hours) AS hours
    FROM derived.state.budget b
    LEFT JOIN derived.state.sold_rate fx ON fx.project_key = b.project_code AND fx.currency = b.currency
    GROUP BY b.project_code
)
SELECT
    p.project_key,
    CAST(
        CASE WHEN NOT coalesce(c.unconverted, false) THEN coalesce(c.value, p.contract_value_reporting, b.revenue) END
        AS DECIMAL(18,2)
    ) AS revenue,
    CAST(b.revenue AS DECIMAL(18,2)) AS planned,
    CAST(b.cost AS DECIMAL(18,2)) AS cost,
    CAST(b.hours AS DECIMAL(18,2)) AS hours,
    CAST(b.revenue AS DOUBLE) / nullif(b.hours, 0) AS rate,
    CAST(b.cost AS DOUBLE) / nullif(b.hours, 0) AS cost_rate,
    coalesce(c.fixed, false) AS fixed,
    coalesce(c.caps, false) AS caps,
    coalesce(c.unconverted, false) OR coalesce(b.unconverted, false) AS unconverted
FROM derived.state.mart_project p
LEFT JOIN contract c ON c.project_code = p.project_key
LEFT JOIN (
    -- Of several budgets there is no sum where one of them is left out.
    SELECT * REPLACE (
        CASE WHEN NOT unconverted THEN revenue END AS revenue, CASE WHEN NOT unconverted THEN cost END AS cost
    )
    FROM budget
) b ON b.project_code = p.project_key;
