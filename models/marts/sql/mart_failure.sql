/*
Open failures: the dead runs that nobody has mended yet, each as old as the first failure of its lineage; and of flows
that run elsewhere the failures that no later run of theirs has mended.

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
    amount_reporting  DECIMAL(18,2)  reporting currency  the same at the rate of its own day
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
        d.run_id,
        d.lineage_id,
        d.flow,
        d.system,
        d.error_code,
        d.error_message,
        d.legal_entity,
        least(d.updated_at, coalesce(b.at, d.updated_at)) AS failed_at,
        d.amount,
        d.currency
    FROM dead d
    LEFT JOIN before b USING (lineage_id)
    UNION ALL
    SELECT
        run_key, run_key, flow, system, error_code, error_message, legal_entity, failed_since, amount, currency
    FROM derived.state.mart_foreign_failure
)
SELECT f.*, c.amount_reporting
FROM failed f
LEFT JOIN derived.state.mart_carried c ON c.run_id = f.run_id;
