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
CREATE OR REPLACE TABLE memory.state.mart_margin AS
WITH one_project AS (
    SELECT item_key, any_value(project_code) AS project_code
    FROM memory.state.item
    WHERE role = 'psa'
    GROUP BY item_key
), held AS (
    SELECT e.* REPLACE (coalesce(e.project_code, o.project_code) AS project_code)
    FROM memory.state.item e
    LEFT JOIN one_project o ON o.item_key = e.item_key
    LEFT JOIN memory.state.posting p ON p.kind = e.kind AND p.item_key = e.item_key
    WHERE e.role = 'erp' OR (e.role = 'psa' AND (e.approval = 'approved' OR coalesce(p.net, 0) > 0))
), booked AS (
    SELECT
        i.project_code,
        coalesce(d.first, date_trunc('month', i.work_date)) AS month,
        coalesce(d.period, strftime(i.work_date, '%Y-%m')) AS period,
        i.role,
        CASE
            WHEN NOT coalesce(i.billable, false) THEN 0
            WHEN i.kind = 'time' THEN CAST(memory.state.cents(i.hours * i.bill_rate) AS DECIMAL(18,2))
            ELSE i.amount
        END AS bill,
        CASE i.kind
            WHEN 'time' THEN CAST(memory.state.cents(i.hours * i.cost_rate) AS DECIMAL(18,2))
            ELSE i.amount
        END AS cost,
        coalesce(zx.rate, fx.rate) AS rate,
        coalesce(czx.rate, cfx.rate) AS cost_fx
    FROM held i
    LEFT JOIN memory.state.fx_day fx
        ON fx.currency = i.currency AND fx.day = memory.state.rate_day(i.work_date)
    LEFT JOIN memory.state.fx_day cfx
        ON cfx.currency = i.cost_currency AND cfx.day = memory.state.rate_day(i.work_date)
    LEFT JOIN memory.state.mart_project p ON p.project_key = i.project_code
    LEFT JOIN memory.state.fx_frozen zx
        ON zx.legal_entity = coalesce(i.legal_entity, p.legal_entity)
        AND zx.currency = i.currency
        AND zx.day = i.work_date
    LEFT JOIN memory.state.fx_frozen czx
        ON czx.legal_entity = coalesce(i.legal_entity, p.legal_entity)
        AND czx.currency = i.cost_currency
        AND czx.day = i.work_date
    LEFT JOIN memory.state.legal_entity z ON z.legal_entity = p.legal_entity
    LEFT JOIN memory.state.fiscal_day d ON d.year = z.year AND d.day = i.work_date
), summed AS (
    SELECT
        project_code,
        CAST(month AS DATE) AS month,
        period,
        sum(memory.state.cents(bill * rate)) FILTER (role = 'erp') AS erp_revenue,
        sum(memory.state.cents(cost * cost_fx)) FILTER (role = 'erp') AS erp_cost,
        sum(memory.state.cents(bill * rate)) FILTER (role = 'psa') AS psa_revenue,
        sum(memory.state.cents(cost * cost_fx)) FILTER (role = 'psa') AS psa_cost,
        count(*) FILTER (
            role = 'erp' AND ((bill <> 0 AND rate IS NULL) OR (cost <> 0 AND cost_fx IS NULL))
        ) AS unconverted
    FROM booked
    GROUP BY ALL
), milestones AS (
    SELECT
        w.project_key AS project_code,
        coalesce(d.first, CAST(date_trunc('month', w.work_date) AS DATE)) AS month,
        coalesce(d.period, strftime(w.work_date, '%Y-%m')) AS period,
        sum(w.bill_reporting) AS revenue
    FROM memory.state.mart_work w
    LEFT JOIN memory.state.mart_project p ON p.project_key = w.project_key
    LEFT JOIN memory.state.legal_entity z ON z.legal_entity = p.legal_entity
    LEFT JOIN memory.state.fiscal_day d ON d.year = z.year AND d.day = w.work_date
    WHERE w.kind = 'milestone' AND w.state IN ('ready', 'billed')
    GROUP BY ALL
), figures AS (
    SELECT
        coalesce(s.project_code, m.project_code) AS project_key,
        coalesce(s.month, m.month) AS month,
        coalesce(s.period, m.period) AS period,
        coalesce(erp_revenue, 0) AS erp_revenue,
        coalesce(erp_cost, 0) AS erp_cost,
        coalesce(psa_revenue, 0) AS psa_revenue,
        coalesce(psa_cost, 0) AS psa_cost,
        coalesce(m.revenue, 0) AS milestones,
        coalesce(s.unconverted, 0) AS unconverted
    FROM summed s
    FULL JOIN milestones m ON m.project_code = s.project_code AND m.month = s.month
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
LEFT JOIN memory.state.mart_project p ON p.project_key = f.project_key
WHERE f.project_key IS NOT NULL;
