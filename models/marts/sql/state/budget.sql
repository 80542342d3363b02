/*
Budgets of the portfolio.

grain: system, system_id
observed: budget

    system         VARCHAR        -                 as the installation calls it
    role           VARCHAR        -                 crm, erp, psa, ppm or hcm
    key            VARCHAR        -                 the budget's key
    system_id      VARCHAR        -                 the system's own id
    project_code   VARCHAR        -                 the project it is for
    value          DECIMAL(18,2)  currency          planned revenue
    cost           DECIMAL(18,2)  currency          planned cost
    currency       VARCHAR        ISO 4217          of value and cost
    target_margin  DECIMAL(9,4)   share of revenue  what the project should earn, 0.35 is 35 %
    hours          DECIMAL(12,2)  h                 planned work
*/

-- put: parse the changed budgets
INSERT INTO derived.state.budget
SELECT
    system,
    role,
    key,
    system_id,
    coalesce(f.project_code, key),
    TRY_CAST(coalesce(worth.value, f.value.amount) AS DECIMAL(18,2)),
    TRY_CAST(coalesce(cost.value, f.cost.amount) AS DECIMAL(18,2)),
    f.value.currency,
    TRY_CAST(coalesce(margin.value, f.target_margin) AS DECIMAL(9,4)),
    TRY_CAST(f.hours AS DECIMAL(12,2))
FROM (
    SELECT *, json_transform(fields, '{
        "project_code": "VARCHAR",
        "value": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "cost": {"amount": "VARCHAR"},
        "target_margin": "VARCHAR",
        "hours": "VARCHAR"
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'budget' AND present
)
LEFT JOIN derived.state.cleared worth ON worth.sealed = f.value.amount
LEFT JOIN derived.state.cleared cost ON cost.sealed = f.cost.amount
LEFT JOIN derived.state.cleared margin ON margin.sealed = f.target_margin;
