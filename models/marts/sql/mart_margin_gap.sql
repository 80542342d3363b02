/*
Approved work whose margin the PSA and the ERP tell differently, record by record: what the difference on a project is
made of. Only of projects on which it is more than a cent a month.

grain: entity, item_key, project_key, month
granule: item_key
within: ledger_gap.item_key, mart_tieout.item_key, mart_work.item_key

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

-- touched: items of which something is another, those of a project whose margin is told otherwise now or no more, and
-- what both systems have been read after by now
SELECT item_key FROM derived.moved.ledger_gap
UNION ALL
SELECT item_key FROM derived.moved.mart_tieout
UNION ALL
SELECT item_key FROM derived.moved.mart_work
UNION ALL
SELECT g.item_key
FROM derived.state.ledger_gap g
SEMI JOIN (
    SELECT project_key
    FROM (
        SELECT project_key, month, legal_entity, abs(difference_reporting) > 0.01 AS apart, -1 AS n
        FROM derived.gone.mart_margin
        UNION ALL
        SELECT project_key, month, legal_entity, abs(difference_reporting) > 0.01, 1
        FROM derived.come.mart_margin
    )
    GROUP BY project_key, month, legal_entity, apart
    HAVING sum(n) <> 0
) p ON p.project_key = g.project_key
UNION ALL
SELECT s.item_key
FROM derived.state.mart_margin_gap s
JOIN derived.state.work_read rp ON rp.system = s.psa AND rp.read_at >= s.since
JOIN derived.state.work_read re ON re.system = s.erp AND re.read_at >= s.since
WHERE NOT s.compared
UNION ALL
SELECT '*'
FROM derived.gone.work_read g
FULL JOIN derived.come.work_read c ON c.system = g.system
WHERE c.system IS NULL OR g.system IS NULL
    OR coalesce(c.read_at < g.read_at, (c.read_at IS NULL) <> (g.read_at IS NULL));

-- mart_margin_gap: items of these projects of which the two systems tell another margin
CREATE OR REPLACE TABLE derived.state.mart_margin_gap AS
WITH apart AS (
    SELECT project_key, any_value(legal_entity) AS legal_entity
    FROM derived.state.mart_margin
    WHERE abs(difference_reporting) > 0.01
    GROUP BY project_key
), side AS (
    SELECT
        CASE g.kind WHEN 'time' THEN 'time_entry' ELSE g.kind END AS entity,
        g.*,
        a.legal_entity,
        psa_revenue - psa_cost AS psa_margin,
        erp_revenue - erp_cost AS erp_margin
    FROM derived.state.ledger_gap g
    JOIN apart a USING (project_key)
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
    CAST(s.psa_margin AS DECIMAL(18,2)) AS psa_margin_reporting,
    CAST(s.erp_margin AS DECIMAL(18,2)) AS erp_margin_reporting,
    CAST(s.psa_margin - s.erp_margin AS DECIMAL(18,2)) AS difference_reporting,
    CAST(s.erp_cost - s.psa_cost AS DECIMAL(18,2)) AS cost_reporting,
    CASE
        WHEN s.erp IS NULL THEN 'missing'
        WHEN s.psa IS NULL THEN 'foreign'
        WHEN abs(s.psa_margin - s.erp_margin) <= 0.01 THEN 'rounding'
        WHEN s.psa_revenue <> s.erp_revenue THEN 'bill'
        ELSE 'cost'
    END AS why,
    u.item_key IS NOT NULL OR (w.blocker IS NOT NULL AND s.erp IS NULL) AS told,
    {currency} AS currency,
    s.since,
    coalesce(rp.read_at >= s.since AND re.read_at >= s.since, false) AS compared
FROM side s
LEFT JOIN untied u ON u.entity = s.entity AND u.item_key = s.item_key
LEFT JOIN derived.state.work_read rp ON rp.system = s.psa
LEFT JOIN derived.state.work_read re ON re.system = s.erp
LEFT JOIN derived.state.mart_work w ON w.item_key = s.item_key;
