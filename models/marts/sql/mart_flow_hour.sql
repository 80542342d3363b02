/*
What each flow did in each hour. Lag is acknowledgement - change at the source; a repair is no lag, so replays are left
out of it. Run time is settled - source event.

grain: hour, flow

    hour        TIMESTAMPTZ  UTC       the hour's first moment, of world time
    flow        VARCHAR      -         which flow
    admitted    BIGINT       events    taken in for the first time
    settled     BIGINT       runs      delivered
    dead        BIGINT       runs      given up
    retries     BIGINT       attempts  answers and failures of a second or later attempt
    replays     BIGINT       runs      repairs that ended, well or not
    paused      BIGINT       pauses    times that a run began to wait
    lag_p50_s   DOUBLE       s         half of the acknowledgements came sooner
    lag_p95_s   DOUBLE       s         95 % of the acknowledgements came sooner
    lag_max_s   DOUBLE       s         the latest acknowledgement
    run_p50_ms  DOUBLE       ms        half of the runs took less
    run_p95_ms  DOUBLE       ms        95 % of the runs took less
*/

-- make: hours once derived are kept and only those with new records are derived again
CREATE TABLE IF NOT EXISTS derived.state.mart_flow_hour ({columns});

-- hours: hours of world time that new records fall into
CREATE OR REPLACE TABLE derived.state.hour AS
SELECT DISTINCT date_trunc('hour', occurred_at) AS hour
FROM records
WHERE batch_id > {mark} AND flow IS NOT NULL;

-- forget: let go of these hours
DELETE FROM derived.state.mart_flow_hour USING derived.state.hour h WHERE mart_flow_hour.hour = h.hour;

-- mart_flow_hour: and derive them from all their records
INSERT INTO derived.state.mart_flow_hour
WITH bounds AS (
    SELECT min(hour) AS low, max(hour) + INTERVAL 1 HOUR AS high FROM derived.state.hour
), r AS (
    SELECT h.hour, flow, kind, status, attempt, run_id, lineage_id, occurred_at, source_changed_at
    FROM records
    JOIN derived.state.hour h ON h.hour = date_trunc('hour', occurred_at)
    WHERE occurred_at >= (SELECT low FROM bounds)
        AND occurred_at < (SELECT high FROM bounds)
        AND flow IS NOT NULL
        AND kind IN ('source_event', 'acknowledgement', 'failure', 'pause', 'settlement')
), begun AS (
    SELECT run_id, min(occurred_at) AS at
    FROM records
    WHERE kind = 'source_event'
        AND occurred_at < (SELECT high FROM bounds)
        AND run_id IN (SELECT run_id FROM r WHERE kind = 'settlement')
    GROUP BY run_id
), timed AS (
    SELECT
        r.*,
        CASE
            WHEN kind = 'acknowledgement' AND source_changed_at IS NOT NULL AND r.run_id = r.lineage_id
                THEN greatest(epoch_us(occurred_at) - epoch_us(source_changed_at), 0) / 1000000.0
        END AS lag,
        CASE
            WHEN kind = 'settlement' AND status = 'settled'
                THEN greatest(epoch_us(occurred_at) - epoch_us(b.at), 0) / 1000.0
        END AS run_ms
    FROM r
    LEFT JOIN begun b ON b.run_id = r.run_id  -- by equality alone, so that the runs are hashed
)
SELECT
    hour,
    flow,
    count(*) FILTER (kind = 'source_event' AND coalesce(status, 'admitted') = 'admitted') AS admitted,
    count(*) FILTER (kind = 'settlement' AND status = 'settled') AS settled,
    count(*) FILTER (kind = 'settlement' AND status = 'dead') AS dead,
    count(*) FILTER (kind IN ('acknowledgement', 'failure') AND attempt > 1) AS retries,
    count(*) FILTER (kind = 'settlement' AND status IN ('settled', 'dead') AND run_id <> lineage_id) AS replays,
    count(*) FILTER (kind = 'pause') AS paused,
    round(quantile_cont(lag, 0.5), 3) AS lag_p50_s,
    round(quantile_cont(lag, 0.95), 3) AS lag_p95_s,
    round(max(lag), 3) AS lag_max_s,
    round(quantile_cont(run_ms, 0.5), 1) AS run_p50_ms,
    round(quantile_cont(run_ms, 0.95), 1) AS run_p95_ms
FROM timed
GROUP BY hour, flow;
