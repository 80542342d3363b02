/*
Approved time of today's work by company and project, and what of it a named blocker or a write-off keeps from the ERP.
A posting that somebody deleted there is explained by nothing.

grain: legal_entity, project_key
added: mart_work
counted: items

    legal_entity  VARCHAR        -                   which company of the firm bills it
    project_key   VARCHAR        -                   the project's code
    hours         DECIMAL(38,2)  h                   approved
    money         DECIMAL(38,2)  reporting currency  what they can be billed at
    explained     DECIMAL(38,2)  reporting currency  never posted, and a blocker or a write-off says why
    items         BIGINT         items               all of them
*/

-- work_reconciled: summed
CREATE OR REPLACE TABLE derived.state.work_reconciled AS
SELECT
    w.legal_entity,
    w.project_key,
    CAST(coalesce(sum(w.work_hours), 0) AS DECIMAL(38,2)) AS hours,
    CAST(coalesce(sum(CAST(w.work_amount * coalesce(zx.rate, fx.rate) AS DECIMAL(18,2))), 0) AS DECIMAL(38,2)) AS money,
    CAST(
        coalesce(sum(w.bill_reporting) FILTER (
            w.posted_at IS NULL AND (w.blocker <> 'posting-gone' OR w.state = 'written_off')
        ), 0) AS DECIMAL(38,2)
    ) AS explained,
    count(*) AS items
FROM derived.state.mart_work w
LEFT JOIN derived.state.fx_day fx ON fx.currency = w.work_currency AND fx.day = derived.state.rate_day(w.work_date)
LEFT JOIN derived.state.fx_frozen zx
    ON zx.legal_entity = w.legal_entity AND zx.currency = w.work_currency AND zx.day = w.work_date
WHERE w.kind = 'time' AND w.state <> 'not_approved'
GROUP BY ALL;
