/*
What each run that is open or dead carries, and each failure of a flow that runs elsewhere, in the reporting currency at
the rate of its own day: that of the work, of the sale, else the one on which it came or first failed.

grain: run_id

    run_id            VARCHAR        -                   the run
    legal_entity      VARCHAR        -                   which company of the firm it is for, if any
    day               DATE           day                 of which day it is, where its company is
    amount            DECIMAL(18,2)  currency            what it carries, if anything
    currency          VARCHAR        ISO 4217            of that
    amount_reporting  DECIMAL(18,2)  reporting currency  the same at the rate of its day; none where none is known
*/

-- mart_carried: a closed period keeps the rates of its days
CREATE OR REPLACE TABLE derived.state.mart_carried AS
WITH dated AS (
    SELECT
        r.run_id,
        coalesce(r.legal_entity, w.legal_entity) AS legal_entity,
        coalesce(
            w.work_date,
            r.work_date,
            CAST(r.at AT TIME ZONE coalesce(z.zone, 'UTC') AS DATE)
        ) AS day,
        r.amount,
        r.currency
    FROM (
        SELECT run_id, business_key, legal_entity, work_date, coalesce(sold_at, created_at) AS at, amount, currency
        FROM derived.state.open_run
        UNION ALL
        SELECT run_key, business_key, legal_entity, NULL, failed_since, amount, currency
        FROM derived.state.mart_foreign_failure
    ) r
    LEFT JOIN derived.state.work_item w ON w.item_key = regexp_replace(r.business_key, '^[^:]*:', '')
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = coalesce(r.legal_entity, w.legal_entity)
)
SELECT
    d.*,
    CAST(derived.state.cents(d.amount * coalesce(zx.rate, fx.rate)) AS DECIMAL(18,2)) AS amount_reporting
FROM dated d
LEFT JOIN derived.state.fx_day fx ON fx.currency = d.currency AND fx.day = derived.state.rate_day(d.day)
LEFT JOIN derived.state.fx_frozen zx
    ON zx.legal_entity = d.legal_entity AND zx.currency = d.currency AND zx.day = d.day;
