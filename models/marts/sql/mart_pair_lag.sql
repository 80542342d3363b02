/*
How late each target hears of a change at each source: over the last seven days, and the age of the oldest pending.

grain: flow, source_system, target_system, entity

    flow              VARCHAR  -        which flow
    source_system     VARCHAR  -        where the change was made
    target_system     VARCHAR  -        which system acknowledged it; none where nothing was acknowledged yet
    entity            VARCHAR  -        the kind of object that was written
    acknowledged      BIGINT   answers  acknowledgements of the last seven days
    lag_p50_s         DOUBLE   s        acknowledgement - change at the source: half came sooner
    lag_p95_s         DOUBLE   s        95 % came sooner
    lag_max_s         DOUBLE   s        the latest
    oldest_pending_s  DOUBLE   s        since the oldest change of this source whose run has not ended
*/

-- came: the system each run's event came from
CREATE OR REPLACE TABLE memory.state.came AS
SELECT run_id, min(system) AS source
FROM records
WHERE kind = 'source_event' AND run_id IS NOT NULL AND system IS NOT NULL
GROUP BY run_id;

-- answer: the acknowledgements of the last seven days, each with its source, and its lag where the change has a time
CREATE OR REPLACE TABLE memory.state.answer AS
SELECT
    a.flow,
    c.source,
    a.system AS target,
    a.entity,
    CASE
        WHEN a.source_changed_at IS NOT NULL
            THEN greatest(epoch_us(a.occurred_at) - epoch_us(a.source_changed_at), 0) / 1000000.0
    END AS lag
FROM records a
JOIN memory.state.came c USING (run_id)
WHERE a.kind = 'acknowledgement' AND a.system IS NOT NULL AND a.occurred_at > {now} - INTERVAL 7 DAY;

-- mart_pair_lag: from each source system to each target
CREATE OR REPLACE TABLE memory.state.mart_pair_lag AS
WITH pending AS (
    SELECT
        r.flow,
        c.source,
        max(epoch_us({now}) - epoch_us(coalesce(r.source_changed_at, r.created_at))) / 1000000.0 AS oldest
    FROM memory.state.open_run r
    JOIN memory.state.came c USING (run_id)
    GROUP BY ALL
), pairs AS (
    SELECT
        flow,
        source,
        target,
        entity,
        count(*) AS acknowledged,
        quantile_cont(lag, 0.5) AS p50,
        quantile_cont(lag, 0.95) AS p95,
        max(lag) AS worst
    FROM memory.state.answer
    GROUP BY ALL
)
SELECT
    coalesce(p.flow, q.flow) AS flow,
    coalesce(p.source, q.source) AS source_system,
    p.target AS target_system,
    p.entity,
    coalesce(p.acknowledged, 0) AS acknowledged,
    round(p.p50, 3) AS lag_p50_s,
    round(p.p95, 3) AS lag_p95_s,
    round(p.worst, 3) AS lag_max_s,
    round(greatest(q.oldest, 0), 0) AS oldest_pending_s
FROM pairs p
FULL JOIN pending q ON q.flow = p.flow AND q.source = p.source;
