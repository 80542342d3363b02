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
    oldest_pending_s  DOUBLE   s        since the oldest change that this target still has to answer, if any
*/

-- make: the system each run's event came from is kept, and only new records are read
CREATE TABLE IF NOT EXISTS derived.state.came (run_id VARCHAR, source VARCHAR, batch_id BIGINT);

-- forget: what is read again
DELETE FROM derived.state.came WHERE batch_id > {mark};

-- came: and what is new
INSERT INTO derived.state.came
SELECT r.run_id, min(r.system) AS source, max(r.batch_id) AS batch_id
FROM records r
LEFT JOIN derived.state.came c ON c.run_id = r.run_id
WHERE r.batch_id > {mark} AND r.kind = 'source_event' AND r.system IS NOT NULL AND c.run_id IS NULL
    AND r.run_id IS NOT NULL
GROUP BY r.run_id;

-- make_answers: so are the acknowledgements of the last twelve weeks
CREATE TABLE IF NOT EXISTS derived.state.acknowledgement (
    run_id VARCHAR,
    flow VARCHAR,
    target VARCHAR,
    entity VARCHAR,
    occurred_at TIMESTAMPTZ,
    source_changed_at TIMESTAMPTZ,
    batch_id BIGINT
);

-- forget_answers: the older ones, and what is read again
DELETE FROM derived.state.acknowledgement WHERE batch_id > {mark} OR occurred_at <= {now} - INTERVAL 84 DAY;

-- answers: and what is new
INSERT INTO derived.state.acknowledgement
SELECT run_id, flow, system, entity, occurred_at, source_changed_at, batch_id
FROM records
WHERE batch_id > {mark}
    AND kind = 'acknowledgement'
    AND run_id IS NOT NULL
    AND system IS NOT NULL
    AND occurred_at > {now} - INTERVAL 84 DAY;

-- answer: the acknowledgements of the last twelve weeks, each with its source, and its lag where the change has a time
CREATE OR REPLACE TABLE derived.state.answer AS
SELECT
    a.flow,
    c.source,
    a.target,
    a.entity,
    a.occurred_at AS answered_at,
    CASE
        WHEN a.source_changed_at IS NOT NULL
            THEN greatest(epoch_us(a.occurred_at) - epoch_us(a.source_changed_at), 0) / 1000000.0
    END AS lag
FROM derived.state.acknowledgement a
JOIN derived.state.came c USING (run_id)
WHERE a.target <> c.source;

-- pending: what each unfinished run waits for: the system it is at, else the flow's targets that have not answered
CREATE OR REPLACE TABLE derived.state.pending AS
WITH going AS (
    SELECT
        r.run_id,
        r.flow,
        c.source,
        nullif(r.system, c.source) AS at_system,
        epoch_us({now}) - epoch_us(coalesce(r.source_changed_at, r.created_at)) AS age
    FROM derived.state.open_run r
    JOIN derived.state.came c USING (run_id)
    WHERE r.state <> 'dead'
), target AS (
    SELECT DISTINCT flow, source, target FROM derived.state.answer
), answered AS (
    SELECT DISTINCT run_id, system AS target
    FROM records
    WHERE kind = 'acknowledgement' AND run_id IN (SELECT run_id FROM going)
)
SELECT flow, source, at_system AS target, age FROM going WHERE at_system IS NOT NULL
UNION ALL
SELECT g.flow, g.source, t.target, g.age
FROM going g
LEFT JOIN target t ON t.flow = g.flow AND t.source = g.source
ANTI JOIN answered a ON a.run_id = g.run_id AND a.target = t.target
WHERE g.at_system IS NULL;

-- mart_pair_lag: from each source system to each target
CREATE OR REPLACE TABLE derived.state.mart_pair_lag AS
WITH oldest AS (
    SELECT flow, source, target, max(age) / 1000000.0 AS oldest FROM derived.state.pending GROUP BY ALL
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
    FROM derived.state.answer
    WHERE answered_at > {now} - INTERVAL 7 DAY
    GROUP BY ALL
)
SELECT
    coalesce(p.flow, q.flow) AS flow,
    coalesce(p.source, q.source) AS source_system,
    coalesce(p.target, q.target) AS target_system,
    p.entity,
    coalesce(p.acknowledged, 0) AS acknowledged,
    round(p.p50, 3) AS lag_p50_s,
    round(p.p95, 3) AS lag_p95_s,
    round(p.worst, 3) AS lag_max_s,
    CASE WHEN q.oldest IS NOT NULL THEN round(greatest(q.oldest, 0), 0) END AS oldest_pending_s
FROM pairs p
FULL JOIN oldest q ON q.flow = p.flow AND q.source = p.source AND q.target IS NOT DISTINCT FROM p.target;
