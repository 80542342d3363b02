/*
What the managers of projects expect, as the portfolio shows it.

grain: system, system_id
observed: forecast
published: mart_state_forecast

    system              VARCHAR        -         as the installation calls it
    role                VARCHAR        -         crm, erp, psa, ppm or hcm
    key                 VARCHAR        -         the forecast's key
    system_id           VARCHAR        -         the system's own id
    project_code        VARCHAR        -         the project it is of
    baseline_starts_on  DATE           day       first day as planned when the work was agreed
    baseline_ends_on    DATE           day       last day as planned then
    forecast_ends_on    DATE           day       last day as expected now
    complete            DECIMAL(9,4)   %         how much of the work is done, 62.5 is 62.5 %
    hours_to_complete   DECIMAL(18,2)  h         work still to be done
    cost_to_complete    DECIMAL(18,2)  currency  what that work will cost the firm
    currency            VARCHAR        ISO 4217  of cost_to_complete
    estimated_on        DATE           day       when the manager said so
*/

-- put: parse the changed forecasts
INSERT INTO derived.state.forecast
SELECT
    system,
    role,
    key,
    system_id,
    coalesce(f.project_code, key),
    TRY_CAST(f.baseline_starts_on AS DATE),
    TRY_CAST(f.baseline_ends_on AS DATE),
    TRY_CAST(f.forecast_ends_on AS DATE),
    TRY_CAST(f.complete AS DECIMAL(9,4)),
    TRY_CAST(f.hours_to_complete AS DECIMAL(18,2)),
    TRY_CAST(f.cost_to_complete.amount AS DECIMAL(18,2)),
    f.cost_to_complete.currency,
    TRY_CAST(f.estimated_on AS DATE)
FROM (
    SELECT *, json_transform(fields, '{
        "project_code": "VARCHAR",
        "baseline_starts_on": "VARCHAR",
        "baseline_ends_on": "VARCHAR",
        "forecast_ends_on": "VARCHAR",
        "complete": "VARCHAR",
        "hours_to_complete": "VARCHAR",
        "cost_to_complete": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "estimated_on": "VARCHAR"
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'forecast' AND present
);
