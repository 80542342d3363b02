/*
Open failures: the dead runs that nobody has mended yet, each as old as the first failure of its lineage.

grain: run_id

    run_id            VARCHAR        -                   the dead run
    lineage_id        VARCHAR        -                   the run and its replays
    flow              VARCHAR        -                   whose run failed
    system            VARCHAR        -                   which system refused it
    error_code        VARCHAR        -                   what for
    error_message     VARCHAR        -                   in that system's words
    legal_entity      VARCHAR        -                   which company of the firm it is for, if any
    failed_at         TIMESTAMPTZ    UTC                 when it first failed: a replay that fails makes it no younger
    amount            DECIMAL(18,2)  currency            what it carries, if anything
    currency          VARCHAR        ISO 4217            of that
    amount_reporting  DECIMAL(18,2)  reporting currency  the same at the rate of its work's day, else of its failure's
*/

-- mart_failure: only the failures of replays are looked up, the others failed when they say
CREATE OR REPLACE TABLE derived.state.mart_failure AS
WITH dead AS (
    SELECT * FROM derived.state.open_run WHERE state = 'dead'
), before AS (
    SELECT lineage_id, min(occurred_at) AS at
    FROM records
    WHERE kind = 'settlement'
        AND status = 'dead'
        AND lineage_id IN (SELECT lineage_id FROM dead WHERE replay_of IS NOT NULL)
    GROUP BY lineage_id
), failed AS (
    SELECT
        d.*,
        least(d.updated_at, coalesce(b.at, d.updated_at)) AS failed_at,
        coalesce(
            w.work_date,
            CAST(
                least(d.updated_at, coalesce(b.at, d.updated_at)) AT TIME ZONE coalesce(z.zone, 'UTC') AS DATE
            )
        ) AS day,
        coalesce(d.legal_entity, w.legal_entity) AS company
    FROM dead d
    LEFT JOIN before b USING (lineage_id)
    LEFT JOIN derived.state.work_item w ON w.item_key = regexp_replace(d.business_key, '^[^:]*:', '')
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = coalesce(d.legal_entity, w.legal_entity)
)
SELECT
    f.run_id,
    f.lineage_id,
    f.flow,
    f.system,
    f.error_code,
    f.error_message,
    f.legal_entity,
    f.failed_at,
    f.amount,
    f.currency,
    CAST(derived.state.cents(f.amount * coalesce(zx.rate, fx.rate)) AS DECIMAL(18,2)) AS amount_reporting
FROM failed f
LEFT JOIN derived.state.fx_day fx ON fx.currency = f.currency AND fx.day = derived.state.rate_day(f.day)
LEFT JOIN derived.state.fx_frozen zx ON zx.legal_entity = f.company AND zx.currency = f.currency AND zx.day = f.day;
