/*
What each project was sold for: revenue, cost and hours as agreed, in the reporting currency at today's rates.

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
*/

-- sold: the budget of the portfolio and the contract of the ERP, at today's rates
CREATE OR REPLACE TABLE derived.state.sold AS
WITH contract AS (
    SELECT
        c.project_code,
        sum(c.value * fx.rate) AS value,
        bool_or(c.billing_rule = 'milestone') AS fixed,
        bool_or(c.cap IS NOT NULL) AS caps
    FROM derived.state.contract c
    LEFT JOIN derived.state.mart_fx fx ON fx.currency = c.currency
    WHERE c.role = 'erp'
    GROUP BY c.project_code
), budget AS (
    SELECT
        b.project_code,
        sum(b.value * fx.rate) AS revenue,
        sum(b.cost * fx.rate) AS cost,
        sum(b.hours) AS hours
    FROM derived.state.budget b
    LEFT JOIN derived.state.mart_fx fx ON fx.currency = b.currency
    GROUP BY b.project_code
)
SELECT
    p.project_key,
    CAST(coalesce(c.value, p.contract_value_reporting, b.revenue) AS DECIMAL(18,2)) AS revenue,
    CAST(b.revenue AS DECIMAL(18,2)) AS planned,
    CAST(b.cost AS DECIMAL(18,2)) AS cost,
    CAST(b.hours AS DECIMAL(18,2)) AS hours,
    CAST(b.revenue AS DOUBLE) / nullif(b.hours, 0) AS rate,
    CAST(b.cost AS DOUBLE) / nullif(b.hours, 0) AS cost_rate,
    coalesce(c.fixed, false) AS fixed,
    coalesce(c.caps, false) AS caps
FROM derived.state.mart_project p
LEFT JOIN contract c ON c.project_code = p.project_key
LEFT JOIN budget b ON b.project_code = p.project_key;
