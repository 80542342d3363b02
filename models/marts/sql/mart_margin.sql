/*
Margin per project and accounting period: the calendar's month, or that of the fiscal year of the project's company.
Revenue and cost are the ERP's (owner of actuals) and milestones that are ready or billed; the PSA's own view of the
same approved work stands beside it. Money is converted at the rate of its day and keeps its
sign: a credited expense lowers revenue and cost. What no rate converts is in no sum and counted in `unconverted`.

grain: project_key, month

    project_key           VARCHAR        -                   the project's code
    name                  VARCHAR        -                   what the project is called
    customer_name         VARCHAR        -                   whose project it is
    legal_entity          VARCHAR        -                   which company of the firm sells it
    service_line          VARCHAR        -                   of the project
    month                 DATE           first day           the period in which the work was done
    period                VARCHAR        -                   its name, YYYY-MM
    revenue_reporting     DECIMAL(18,2)  reporting currency  billable work in the ERP at its bill rate, and milestones
    cost_reporting        DECIMAL(18,2)  reporting currency  all work in the ERP at its cost rate
    margin_reporting      DECIMAL(18,2)  reporting currency  revenue - cost
    psa_margin_reporting  DECIMAL(18,2)  reporting currency  the PSA's revenue - cost of time and expenses
    erp_margin_reporting  DECIMAL(18,2)  reporting currency  the ERP's revenue - cost, without milestones
    difference_reporting  DECIMAL(18,2)  reporting currency  PSA margin - ERP margin, so over time and expenses only
    target_margin         DECIMAL(9,4)   share of revenue    what the project should earn, 0.35 is 35 %
    unconverted           BIGINT         items               of the ERP, with money that no exchange rate converts
*/

-- mart_margin: the same work as each of the two systems has it, month by month
CREATE OR REPLACE TABLE derived.state.mart_margin AS
WITH milestones AS (
    SELECT
        w.project_key AS project_code,
        coalesce(d.first, CAST(date_trunc('month', w.work_date) AS DATE)) AS month,
        coalesce(d.period, strftime(w.work_date, '%Y-%m')) AS period,
        sum(w.revenue) AS revenue
    FROM derived.state.work_milestone w
    LEFT JOIN derived.state.mart_project p ON p.project_key = w.project_key
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = p.legal_entity
    LEFT JOIN derived.state.fiscal_day d ON d.year = z.year AND d.day = w.work_date
    GROUP BY ALL
), figures AS (
    SELECT
        coalesce(s.project_key, m.project_code) AS project_key,
        coalesce(s.month, m.month) AS month,
        coalesce(s.period, m.period) AS period,
        coalesce(erp_revenue, 0) AS erp_revenue,
        coalesce(erp_cost, 0) AS erp_cost,
        coalesce(psa_revenue, 0) AS psa_revenue,
        coalesce(psa_cost, 0) AS psa_cost,
        coalesce(m.revenue, 0) AS milestones,
        coalesce(s.unconverted, 0) AS unconverted
    FROM derived.state.ledger_month s
    FULL JOIN milestones m ON m.project_code = s.project_key AND m.month = s.month
)
SELECT
    f.project_key,
    p.name,
    p.customer_name,
    p.legal_entity,
    p.service_line,
    f.month,
    f.period,
    CAST(erp_revenue + milestones AS DECIMAL(18,2)) AS revenue_reporting,
    CAST(erp_cost AS DECIMAL(18,2)) AS cost_reporting,
    CAST(erp_revenue + milestones - erp_cost AS DECIMAL(18,2)) AS margin_reporting,
    CAST(psa_revenue - psa_cost AS DECIMAL(18,2)) AS psa_margin_reporting,
    CAST(erp_revenue - erp_cost AS DECIMAL(18,2)) AS erp_margin_reporting,
    CAST(psa_revenue - psa_cost - (erp_revenue - erp_cost) AS DECIMAL(18,2)) AS difference_reporting,
    p.target_margin,
    f.unconverted
FROM figures f
LEFT JOIN derived.state.mart_project p ON p.project_key = f.project_key
WHERE f.project_key IS NOT NULL;
