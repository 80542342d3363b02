/*
Approved work whose margin the PSA and the ERP tell differently, record by record: what the difference on a project is
made of. Only of projects on which it is more than a cent a month.

grain: entity, item_key, project_key, month

    entity                VARCHAR        -                   time_entry or expense
    item_key              VARCHAR        -                   the item's key
    project_key           VARCHAR        -                   where the ERP has it booked, else the PSA
    legal_entity          VARCHAR        -                   which company of the firm sells the project
    month                 DATE           first day           the period in which the work was done
    period                VARCHAR        -                   its name, YYYY-MM
    psa                   VARCHAR        -                   the PSA that has it, if any
    erp                   VARCHAR        -                   the ERP that has it, if any
    psa_margin_reporting  DECIMAL(18,2)  reporting currency  what it earns less what it costs by the PSA; 0 if not there
    erp_margin_reporting  DECIMAL(18,2)  reporting currency  and by the ERP
    difference_reporting  DECIMAL(18,2)  reporting currency  PSA - ERP
    cost_reporting        DECIMAL(18,2)  reporting currency  of it: by cost alone, ERP cost - PSA cost
    why                   VARCHAR        -                   missing, foreign, bill, cost or rounding
    told                  BOOLEAN        -                   a gate, a case or the tie-out says why already
    currency              VARCHAR        ISO 4217            the reporting currency
    since                 TIMESTAMPTZ    UTC                 when the newer of the two words was seen first
    compared              BOOLEAN        -                   both systems were read since
*/

-- mart_margin_gap: both systems' word on the items of these projects, where it differs
CREATE OR REPLACE TABLE derived.state.mart_margin_gap AS
WITH apart AS (
    SELECT project_key, any_value(legal_entity) AS legal_entity
    FROM derived.state.mart_margin
    WHERE abs(difference_reporting) > 0.01
    GROUP BY project_key
), entered AS (
    SELECT item_key, any_value(project_code) AS project_code
    FROM derived.state.item
    WHERE role = 'psa'
    GROUP BY item_key
), held AS (
    SELECT i.* REPLACE (coalesce(i.project_code, o.project_code) AS project_code), a.legal_entity AS seller
    FROM derived.state.item i
    LEFT JOIN entered o ON o.item_key = i.item_key
    LEFT JOIN derived.state.posting p ON p.kind = i.kind AND p.item_key = i.item_key
    JOIN apart a ON a.project_key = coalesce(i.project_code, o.project_code)
    WHERE i.role = 'erp' OR (i.role = 'psa' AND (i.approval = 'approved' OR coalesce(p.net, 0) > 0))
), booked AS (
    SELECT
        CASE i.kind WHEN 'time' THEN 'time_entry' ELSE i.kind END AS entity,
        i.item_key,
        i.project_code AS project_key,
        i.seller AS legal_entity,
        CAST(coalesce(d.first, date_trunc('month', i.work_date)) AS DATE) AS month,
        coalesce(d.period, strftime(i.work_date, '%Y-%m')) AS period,
        i.role,
        i.system,
        i.observed_at,
        derived.state.cents(coalesce(zx.rate, fx.rate) * CASE
            WHEN NOT coalesce(i.billable, false) THEN 0
            WHEN i.kind = 'time' THEN CAST(derived.state.cents(i.hours * i.bill_rate) AS DECIMAL(18,2))
            ELSE i.amount
        END) AS bill,
        derived.state.cents(coalesce(czx.rate, cfx.rate) * CASE i.kind
            WHEN 'time' THEN CAST(derived.state.cents(i.hours * i.cost_rate) AS DECIMAL(18,2))
            ELSE i.amount
        END) AS cost
    FROM held i
    LEFT JOIN derived.state.fx_day fx
        ON fx.currency = i.currency AND fx.day = derived.state.rate_day(i.work_date)
    LEFT JOIN derived.state.fx_day cfx
        ON cfx.currency = i.cost_currency AND cfx.day = derived.state.rate_day(i.work_date)
    LEFT JOIN derived.state.fx_frozen zx
        ON zx.legal_entity = coalesce(i.legal_entity, i.seller) AND zx.currency = i.currency AND zx.day = i.work_date
    LEFT JOIN derived.state.fx_frozen czx
        ON czx.legal_entity = coalesce(i.legal_entity, i.seller)
        AND czx.currency = i.cost_currency
        AND czx.day = i.work_date
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = i.seller
    LEFT JOIN derived.state.fiscal_day d ON d.year = z.year AND d.day = i.work_date
), side AS (
    SELECT
        entity,
        item_key,
        project_key,
        any_value(legal_entity) AS legal_entity,
        month,
        any_value(period) AS period,
        min(system) FILTER (role = 'psa') AS psa,
        min(system) FILTER (role = 'erp') AS erp,
        coalesce(sum(bill) FILTER (role = 'psa'), 0) AS psa_bill,
        coalesce(sum(cost) FILTER (role = 'psa'), 0) AS psa_cost,
        coalesce(sum(bill) FILTER (role = 'erp'), 0) AS erp_bill,
        coalesce(sum(cost) FILTER (role = 'erp'), 0) AS erp_cost,
        max(observed_at) AS since
    FROM booked
    GROUP BY entity, item_key, project_key, month
), read AS (
    SELECT system, CASE WHEN bool_and(read_until IS NOT NULL) THEN min(read_until) END AS read_at
    FROM derived.state.mart_source
    WHERE entity IN ('time_entry', 'expense')
    GROUP BY system
), untied AS (
    SELECT DISTINCT entity, item_key FROM derived.state.mart_tieout WHERE place <> 'landed'
)
SELECT
    s.entity,
    s.item_key,
    s.project_key,
    s.legal_entity,
    s.month,
    s.period,
    s.psa,
    s.erp,
    CAST(psa_bill - psa_cost AS DECIMAL(18,2)) AS psa_margin_reporting,
    CAST(erp_bill - erp_cost AS DECIMAL(18,2)) AS erp_margin_reporting,
    CAST(psa_bill - psa_cost - (erp_bill - erp_cost) AS DECIMAL(18,2)) AS difference_reporting,
    CAST(erp_cost - psa_cost AS DECIMAL(18,2)) AS cost_reporting,
    CASE
        WHEN s.erp IS NULL THEN 'missing'
        WHEN s.psa IS NULL THEN 'foreign'
        WHEN abs(psa_bill - psa_cost - (erp_bill - erp_cost)) <= 0.01 THEN 'rounding'
        WHEN psa_bill <> erp_bill THEN 'bill'
        ELSE 'cost'
    END AS why,
    u.item_key IS NOT NULL OR (w.blocker IS NOT NULL AND s.erp IS NULL) AS told,
    {currency} AS currency,
    s.since,
    coalesce(rp.read_at >= s.since AND re.read_at >= s.since, false) AS compared
FROM side s
LEFT JOIN untied u ON u.entity = s.entity AND u.item_key = s.item_key
LEFT JOIN read rp ON rp.system = s.psa
LEFT JOIN read re ON re.system = s.erp
LEFT JOIN derived.state.mart_work w ON w.item_key = s.item_key
WHERE psa_bill - psa_cost <> erp_bill - erp_cost;
