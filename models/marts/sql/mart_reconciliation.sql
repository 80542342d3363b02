/*
Approved time in the PSA against postings in the ERP: what named blockers explain, and the rest that nothing explains.

grain: legal_entity, project_key

    legal_entity           VARCHAR        -                   which company of the firm bills it
    project_key            VARCHAR        -                   the project's code
    psa_hours              DECIMAL(18,2)  h                   approved in the PSA
    erp_hours              DECIMAL(18,2)  h                   posted in the ERP, reversals taken off
    difference_hours       DECIMAL(18,2)  h                   PSA - ERP
    psa_reporting          DECIMAL(18,2)  reporting currency  what the PSA's hours can be billed at
    erp_reporting          DECIMAL(18,2)  reporting currency  what the ERP's hours can be billed at
    explained_reporting    DECIMAL(18,2)  reporting currency  not posted, and a blocker says why
    unexplained_reporting  DECIMAL(18,2)  reporting currency  PSA - ERP - explained: what nobody can account for
*/

-- mart_reconciliation: the PSA's work of today; a posting counts where the entry it came from does, if that is known
CREATE OR REPLACE TABLE memory.state.mart_reconciliation AS
WITH psa AS (
    SELECT
        w.legal_entity,
        w.project_key,
        sum(w.work_hours) AS hours,
        sum(CAST(w.work_amount * coalesce(zx.rate, fx.rate) AS DECIMAL(18,2))) AS money,
        coalesce(sum(w.bill_reporting) FILTER (w.posted_at IS NULL AND w.blocker IS NOT NULL), 0) AS explained
    FROM memory.state.mart_work w
    LEFT JOIN memory.state.fx_day fx
        ON fx.currency = w.work_currency AND fx.day = memory.state.rate_day(w.work_date)
    LEFT JOIN memory.state.fx_frozen zx
        ON zx.legal_entity = w.legal_entity AND zx.currency = w.work_currency AND zx.day = w.work_date
    WHERE w.kind = 'time' AND w.state <> 'not_approved'
    GROUP BY ALL
), erp AS (
    SELECT
        coalesce(o.legal_entity, i.legal_entity) AS legal_entity,
        coalesce(o.project_code, i.project_code) AS project_key,
        sum(CAST(i.hours AS DECIMAL(8,2))) AS hours,
        sum(memory.state.cents(
            CAST(memory.state.cents(i.hours * CASE WHEN i.billable THEN i.bill_rate ELSE 0 END) AS DECIMAL(18,2))
            * coalesce(zx.rate, fx.rate)
        )) AS money
    FROM memory.state.item i
    LEFT JOIN memory.state.fx_day fx
        ON fx.currency = i.currency AND fx.day = memory.state.rate_day(i.work_date)
    LEFT JOIN memory.state.fx_frozen zx
        ON zx.legal_entity = i.legal_entity AND zx.currency = i.currency AND zx.day = i.work_date
    LEFT JOIN memory.state.item o ON o.role = 'psa' AND o.kind = 'time' AND o.item_key = i.item_key
    WHERE i.role = 'erp' AND i.kind = 'time'
    GROUP BY ALL
)
SELECT
    coalesce(p.legal_entity, e.legal_entity) AS legal_entity,
    coalesce(p.project_key, e.project_key) AS project_key,
    CAST(coalesce(p.hours, 0) AS DECIMAL(18,2)) AS psa_hours,
    CAST(coalesce(e.hours, 0) AS DECIMAL(18,2)) AS erp_hours,
    CAST(coalesce(p.hours, 0) - coalesce(e.hours, 0) AS DECIMAL(18,2)) AS difference_hours,
    CAST(coalesce(p.money, 0) AS DECIMAL(18,2)) AS psa_reporting,
    CAST(coalesce(e.money, 0) AS DECIMAL(18,2)) AS erp_reporting,
    CAST(coalesce(p.explained, 0) AS DECIMAL(18,2)) AS explained_reporting,
    CAST(
        coalesce(p.money, 0) - coalesce(e.money, 0) - coalesce(p.explained, 0) AS DECIMAL(18,2)
    ) AS unexplained_reporting
FROM psa p
FULL JOIN erp e ON e.project_key = p.project_key AND e.legal_entity IS NOT DISTINCT FROM p.legal_entity;
