-- make_schema: where the latest observations live, in the memory of the process that refreshes
CREATE SCHEMA IF NOT EXISTS memory.state;

-- make_cents: an exact amount rounded half to even at the cent, as models.domain.money does it
CREATE OR REPLACE MACRO memory.state.cents(x) AS
    CAST(x AS DECIMAL(18,2)) - CASE
        WHEN abs(CAST(x AS DECIMAL(18,2)) - x) = 0.005 AND CAST(CAST(x AS DECIMAL(18,2)) * 100 AS BIGINT) % 2 <> 0
            THEN CAST(sign(x) * 0.01 AS DECIMAL(3,2))
        ELSE CAST(0 AS DECIMAL(3,2))
    END;

-- make_mark: how far the lake has been read into the state
CREATE TABLE IF NOT EXISTS memory.state.mark (batch_id BIGINT);

-- make_place: the newest place at which each object was observed, so that an older row never overwrites it
CREATE TABLE IF NOT EXISTS memory.state.place (
    system VARCHAR,
    entity VARCHAR,
    key VARCHAR,
    observed_at TIMESTAMPTZ,
    batch_id BIGINT,
    n INTEGER,
    first_seen TIMESTAMPTZ
);

-- fresh: the latest observation of each object among the batches that came since
CREATE OR REPLACE TABLE memory.state.fresh AS
WITH latest AS (  -- places first and contents after: a window over the contents would need memory for all of them
    SELECT
        system,
        entity,
        key,
        max(struct_pack(observed_at := observed_at, batch_id := batch_id, n := n)) AS last
    FROM observations
    WHERE batch_id > {mark}
    GROUP BY ALL
), wanted AS (
    SELECT l.last.batch_id AS batch_id, l.last.n AS n
    FROM latest l
    LEFT JOIN memory.state.place p USING (system, entity, key)
    WHERE p.key IS NULL OR (l.last.observed_at, l.last.batch_id, l.last.n) > (p.observed_at, p.batch_id, p.n)
)
SELECT o.*
FROM observations o
JOIN wanted w ON w.batch_id = o.batch_id AND w.n = o.n
WHERE o.batch_id > {mark};

-- placed: keep where each of them was seen, and when it was seen first
CREATE OR REPLACE TABLE memory.state.newplace AS
SELECT
    f.system,
    f.entity,
    f.key,
    f.observed_at,
    f.batch_id,
    f.n,
    least(coalesce(p.first_seen, f.observed_at), f.observed_at) AS first_seen
FROM memory.state.fresh f
LEFT JOIN memory.state.place p USING (system, entity, key);

-- unplace: forget the older places
DELETE FROM memory.state.place USING memory.state.newplace f
WHERE place.system = f.system AND place.entity = f.entity AND place.key = f.key;

-- place: and keep the new ones
INSERT INTO memory.state.place SELECT * FROM memory.state.newplace;

-- entities: which kinds of objects changed
SELECT DISTINCT entity FROM memory.state.fresh;

-- journal_run: what the marts need of the journal's runs, read in one scan
CREATE OR REPLACE TABLE memory.state.journal_run AS
SELECT
    run_id,
    flow,
    state,
    step_name,
    attempt,
    business_key,
    source_version,
    lineage_id,
    replay_of,
    correlation_id,
    trace_id,
    legal_entity,
    event_type,
    error_code,
    error_message,
    error_field,
    system,
    waiting_for,
    waiting_because,
    CAST(waiting_missing AS VARCHAR) AS waiting_missing,
    waiting_owner,
    TRY_CAST(amount AS DECIMAL(18,2)) AS amount,
    currency,
    created_at,
    due_at,
    updated_at,
    source_changed_at
FROM runs
WHERE state IN ('ready', 'running', 'waiting', 'in_doubt', 'dead') OR replay_of IS NOT NULL;

-- open_run: runs that are not finished, as the journal has them now
CREATE OR REPLACE TABLE memory.state.open_run AS
SELECT * FROM memory.state.journal_run WHERE state IN ('ready', 'running', 'waiting', 'in_doubt', 'dead');

-- replay_run: how replays ended
CREATE OR REPLACE TABLE memory.state.replay_run AS
SELECT flow, state, count(*) AS n FROM memory.state.journal_run WHERE replay_of IS NOT NULL GROUP BY ALL;
