/*
What each posting and each approved entry earns and costs, in the period of its project's company.

grain: item_key, kind, role, project_key, month, period, source_project, source_entity
granule: item_key
within: item.item_key, posting.item_key

    item_key        VARCHAR        -                   the item's key
    kind            VARCHAR        -                   time or expense
    role            VARCHAR        -                   erp or psa: whose word it is
    project_key     VARCHAR        -                   where it is booked there, else where it was entered
    month           DATE           first day           the period in which the work was done
    period          VARCHAR        -                   its name, YYYY-MM
    source_project  VARCHAR        -                   where the time entry it came from is booked, if known
    source_entity   VARCHAR        -                   and for which company
    revenue         DECIMAL(38,2)  reporting currency  billable work at its bill rate
    cost            DECIMAL(38,2)  reporting currency  at its cost rate
    unconverted     BIGINT         records             with money that no exchange rate converts
    hours           DECIMAL(38,2)  h                   of time only
    fees            DECIMAL(38,2)  reporting currency  billable time at its bill rate
    records         BIGINT         records             all of them
    system          VARCHAR        -                   where they are
    since           TIMESTAMPTZ    UTC                 when the newest of them was seen first
*/

-- touched: items of which a record is another, or the company of their project
SELECT item_key FROM derived.moved.item
UNION ALL
SELECT item_key FROM derived.moved.posting
UNION ALL
SELECT l.item_key
FROM derived.state.ledger l
SEMI JOIN derived.moved.mart_project p ON p.project_key = l.project_key;

-- ledger: each record at the rate of its day
CREATE OR REPLACE TABLE derived.state.ledger AS
WITH entered AS (
    SELECT
        item_key,
        min(project_code) AS project_code,
        min(project_code) FILTER (kind = 'time') AS time_project,
        min(legal_entity) FILTER (kind = 'time') AS time_entity
    FROM derived.state.item
    WHERE role = 'psa'
    GROUP BY item_key
), held AS MATERIALIZED (
    SELECT
        e.* REPLACE (coalesce(e.project_code, o.project_code) AS project_code),
        CASE e.kind WHEN 'time' THEN coalesce(o.time_project, e.project_code) END AS source_project,
        CASE e.kind WHEN 'time' THEN coalesce(o.time_entity, e.legal_entity) END AS source_entity
    FROM derived.state.item e
    LEFT JOIN entered o ON o.item_key = e.item_key
    LEFT JOIN derived.state.posting p ON p.kind = e.kind AND p.item_key = e.item_key
    WHERE e.role = 'erp' OR (e.role = 'psa' AND (e.approval = 'approved' OR coalesce(p.standing, 0) > 0))
), booked AS (
    SELECT
        i.item_key,
        i.kind,
        i.role,
        i.system,
        i.observed_at,
        i.project_code,
        CAST(coalesce(d.first, date_trunc('month', i.work_date)) AS DATE) AS month,
        coalesce(d.period, strftime(i.work_date, '%Y-%m')) AS period,
        i.source_project,
        i.source_entity,
        CASE
            WHEN NOT coalesce(i.billable, false) THEN 0
            WHEN i.kind = 'time' THEN CAST(derived.state.cents(i.hours * i.bill_rate) AS DECIMAL(18,2))
            ELSE i.amount
        END AS bill,
        CASE i.kind
            WHEN 'time' THEN CAST(derived.state.cents(i.hours * i.cost_rate) AS DECIMAL(18,2))
            ELSE i.amount
        END AS cost,
        coalesce(zx.rate, fx.rate) AS rate,
        coalesce(czx.rate, cfx.rate) AS cost_fx,
        CASE i.kind WHEN 'time' THEN CAST(i.hours AS DECIMAL(8,2)) ELSE 0 END AS hours
    FROM held i
    LEFT JOIN derived.state.fx_day fx
        ON fx.currency = i.currency AND fx.day = derived.state.rate_day(i.work_date)
    LEFT JOIN derived.state.fx_day cfx
        ON cfx.currency = i.cost_currency AND cfx.day = derived.state.rate_day(i.work_date)
    LEFT JOIN derived.state.mart_project p ON p.project_key = i.project_code
    LEFT JOIN derived.state.fx_frozen zx
        ON zx.legal_entity = coalesce(i.legal_entity, p.legal_entity)
        AND zx.currency = i.currency
        AND zx.day = i.work_date
    LEFT JOIN derived.state.fx_frozen czx
        ON czx.legal_entity = coalesce(i.legal_entity, p.legal_entity)
        AND czx.currency = i.cost_currency
        AND czx.day = i.work_date
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = p.legal_entity
    LEFT JOIN derived.state.fiscal_day d ON d.year = z.year AND d.day = i.work_date
)
SELECT
    item_key,
    kind,
    role,
    project_code AS project_key,
    month,
    period,
    source_project,
    source_entity,
    CAST(coalesce(sum(derived.state.cents(bill * rate)), 0) AS DECIMAL(38,2)) AS revenue,
    CAST(coalesce(sum(derived.state.cents(cost * cost_fx)), 0) AS DECIMAL(38,2)) AS cost,
    count(*) FILTER ((bill <> 0 AND rate IS NULL) OR (cost <> 0 AND cost_fx IS NULL)) AS unconverted,
    CAST(coalesce(sum(hours), 0) AS DECIMAL(38,2)) AS hours,
    CAST(coalesce(sum(CASE WHEN kind = 'time' THEN derived.state.cents(bill * rate) END), 0) AS DECIMAL(38,2)) AS fees,
    count(*) AS records,
    min(system) AS system,
    max(observed_at) AS since
FROM booked
GROUP BY ALL;
