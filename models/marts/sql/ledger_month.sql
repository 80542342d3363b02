/*
The ledger by project and period.

grain: project_key, month, period
added: ledger
counted: records

    project_key  VARCHAR        -                   the project's code
    month        DATE           first day           of the period
    period       VARCHAR        -                   its name, YYYY-MM
    erp_revenue  DECIMAL(38,2)  reporting currency  by the ERP
    erp_cost     DECIMAL(38,2)  reporting currency  by the ERP
    psa_revenue  DECIMAL(38,2)  reporting currency  by the PSA
    psa_cost     DECIMAL(38,2)  reporting currency  by the PSA
    unconverted  BIGINT         records             of the ERP, with money that no exchange rate converts
    records      BIGINT         records             all of them
*/

-- ledger_month: summed
CREATE OR REPLACE TABLE derived.state.ledger_month AS
SELECT
    project_key,
    month,
    period,
    CAST(coalesce(sum(revenue) FILTER (role = 'erp'), 0) AS DECIMAL(38,2)) AS erp_revenue,
    CAST(coalesce(sum(cost) FILTER (role = 'erp'), 0) AS DECIMAL(38,2)) AS erp_cost,
    CAST(coalesce(sum(revenue) FILTER (role = 'psa'), 0) AS DECIMAL(38,2)) AS psa_revenue,
    CAST(coalesce(sum(cost) FILTER (role = 'psa'), 0) AS DECIMAL(38,2)) AS psa_cost,
    CAST(coalesce(sum(unconverted) FILTER (role = 'erp'), 0) AS BIGINT) AS unconverted,
    CAST(sum(records) AS BIGINT) AS records
FROM derived.state.ledger
GROUP BY project_key, month, period;
