/*
Each run of a flow that runs elsewhere, as rules read it from spans and logs: also one that has not ended, of which only
steps have come. A run ends as its newest end says: one that was tried again under its own id is what the last try was.

Two engines never share a run: it is one rule's, service's and instance's. A step that names no run is that of the span
above it; where that is unknown it is the run's of its rule and trace around it, else a run of its own until the span
comes. What a trace spans beyond is another run. Moments are the sender's, but none is later than we heard of it.

grain: run_key

    run_key        VARCHAR        -         rule, service, instance and run; of a run without an id its trace and span
    rule           VARCHAR        -         which rule read it
    system         VARCHAR        -         the service that ran it
    instance       VARCHAR        -         which of several engines of one service, as far as it tells
    flow           VARCHAR        -         <rule>/<flow>; what names no flow is called by its service
    run_id         VARCHAR        -         what its engine calls it
    trace_id       VARCHAR        -         its trace, where one came
    state          VARCHAR        -         running, done or failed
    step           VARCHAR        -         of a run that failed what failed, of one that runs the last that came
    attempt        INTEGER        attempts  the highest that was told
    business_key   VARCHAR        -         what it was about
    amount         DECIMAL(18,2)  currency  what it carried, by its own word
    currency       VARCHAR        ISO 4217  of that
    legal_entity   VARCHAR        -         which company of the firm it was for, by its own word
    error_code     VARCHAR        -         what it died of
    error_message  VARCHAR        -         in its engine's words
    retry_of       VARCHAR        -         the run that it repeats
    started_at     TIMESTAMPTZ    UTC       when it began; until that is heard its first step
    ended_at       TIMESTAMPTZ    UTC       when it ended, once it has
    run_ms         DOUBLE         ms        how long it took, by its own clock
    heard_at       TIMESTAMPTZ    UTC       when it, or of one that runs anything of it, was received last
*/

-- make: what spans and logs told, one row each
CREATE TABLE IF NOT EXISTS derived.state.foreign_piece (
    piece VARCHAR,
    rule VARCHAR,
    tells VARCHAR,
    system VARCHAR,
    instance VARCHAR,
    flow VARCHAR,
    run VARCHAR,
    step VARCHAR,
    attempt INTEGER,
    business_key VARCHAR,
    amount DECIMAL(18,2),
    currency VARCHAR,
    legal_entity VARCHAR,
    error VARCHAR,
    code VARCHAR,
    retry_of VARCHAR,
    failed BOOLEAN,
    waits BOOLEAN,
    decides BOOLEAN,
    trace_id VARCHAR,
    span_id VARCHAR,
    parent VARCHAR,
    began TIMESTAMPTZ,
    ended TIMESTAMPTZ,
    took_us BIGINT,
    heard TIMESTAMPTZ
);

-- make_runs: a run once read is kept, and only those of which something came are read again
CREATE TABLE IF NOT EXISTS derived.state.mart_foreign_run ({columns});

-- told: what the new spans and logs tell
CREATE OR REPLACE TABLE derived.state.foreign_told AS
WITH span AS (
    SELECT *, {span_reading} AS reading
    FROM spans
    WHERE batch_id > {foreign_mark}
), log AS (
    SELECT *, {log_reading} AS reading
    FROM logs
    WHERE batch_id > {foreign_mark}
), span_held AS (
    SELECT *, {span_held} FROM span WHERE reading IS NOT NULL
), log_held AS (
    SELECT *, {log_held} FROM log WHERE reading IS NOT NULL
), told AS (
    SELECT
        trace_id || '/' || span_id AS piece,
        reading,
        service_name,
        {span_told},
        trace_id,
        span_id,
        parent_span_id AS parent,
        start_time AS began,
        end_time AS ended,
        duration_us AS took_us,
        recorded_at AS heard
    FROM span_held
    UNION ALL
    SELECT
        'log ' || batch_id || '/' || n,
        reading,
        service_name,
        {log_told},
        nullif(trace_id, ''),
        NULL,
        nullif(span_id, ''),
        coalesce(time, observed_time),
        coalesce(time, observed_time),
        NULL,
        recorded_at
    FROM log_held
)
SELECT
    t.piece,
    r.rule,
    r.tells,
    coalesce(nullif(t.service_name, ''), r.rule) AS system,
    coalesce(t.instance, '') AS instance,
    r.rule || '/' || t.flow AS flow,
    t.run,
    t.step,
    TRY_CAST(t.attempt AS INTEGER) AS attempt,
    left(t.key, 200) AS business_key,
    TRY_CAST(t.amount AS DECIMAL(18,2)) AS amount,
    CASE WHEN regexp_full_match(upper(t.currency), '[A-Z]{3}') THEN upper(t.currency) END AS currency,
    t.legal_entity,
    t.error,
    left(t.code, 120) AS code,
    t.retry_of,
    t.failed,
    t.waits,
    r.decides,
    t.trace_id,
    t.span_id,
    nullif(t.parent, '') AS parent,
    least(t.began, t.heard) AS began,
    least(t.ended, t.heard) AS ended,
    t.took_us,
    t.heard
FROM told t
JOIN derived.state.foreign_reading r ON r.reading = t.reading
QUALIFY row_number() OVER (PARTITION BY t.piece ORDER BY t.heard) = 1;  -- an exporter may send one twice

-- unkeep: what is read again is not kept twice
DELETE FROM derived.state.foreign_piece p USING derived.state.foreign_told t WHERE t.piece = p.piece;

-- keep: and the new ones
INSERT INTO derived.state.foreign_piece SELECT * FROM derived.state.foreign_told;

-- moved: the runs of which something came, and those in the same traces, which it may belong to
CREATE OR REPLACE TABLE derived.state.foreign_touched AS
SELECT run FROM derived.state.foreign_told WHERE run IS NOT NULL
UNION
SELECT run FROM derived.state.foreign_piece
WHERE run IS NOT NULL AND trace_id IN (SELECT trace_id FROM derived.state.foreign_told);

-- traces: where these runs were
CREATE OR REPLACE TABLE derived.state.foreign_trace AS
SELECT trace_id FROM derived.state.foreign_told WHERE trace_id IS NOT NULL
UNION
SELECT trace_id FROM derived.state.foreign_piece
WHERE trace_id IS NOT NULL AND run IN (SELECT run FROM derived.state.foreign_touched);

-- near: all that was told there
CREATE OR REPLACE TABLE derived.state.foreign_near AS
SELECT * FROM derived.state.foreign_piece
WHERE trace_id IN (SELECT trace_id FROM derived.state.foreign_trace)
    OR run IN (SELECT run FROM derived.state.foreign_touched)
    OR piece IN (SELECT piece FROM derived.state.foreign_told);

-- above: of each step that names no run the span that its steps stand under
CREATE OR REPLACE TABLE derived.state.foreign_above AS
WITH RECURSIVE up AS (
    SELECT piece, trace_id, parent AS top, 1 AS depth
    FROM derived.state.foreign_near
    WHERE run IS NULL AND tells <> 'run' AND parent IS NOT NULL
    UNION ALL
    SELECT u.piece, u.trace_id, p.parent, u.depth + 1
    FROM up u
    JOIN derived.state.foreign_near p ON p.trace_id = u.trace_id AND p.span_id = u.top
    WHERE p.tells <> 'run' AND p.run IS NULL AND p.parent IS NOT NULL AND u.depth < 64
)
SELECT piece, arg_max(top, depth) AS top FROM up GROUP BY piece;

-- owned: whose run each of them is of
CREATE OR REPLACE TABLE derived.state.foreign_owned AS
WITH named AS (
    SELECT
        n.*,
        concat_ws(' ', n.rule, n.system, n.instance) AS engine,
        coalesce(n.run, CASE WHEN n.tells = 'run' THEN n.trace_id || '/' || n.span_id END) AS own,
        a.top
    FROM derived.state.foreign_near n
    LEFT JOIN derived.state.foreign_above a ON a.piece = n.piece
), known AS (
    SELECT engine, trace_id, span_id, own, began, ended FROM named WHERE own IS NOT NULL AND span_id IS NOT NULL
), around AS (  -- the narrowest run around a step whose parent nobody has read
    SELECT s.piece, arg_min(k.own, epoch_us(k.ended) - epoch_us(k.began)) AS own
    FROM named s
    ANTI JOIN known a ON a.trace_id = s.trace_id AND a.span_id = s.top AND a.engine = s.engine
    JOIN named k ON k.trace_id = s.trace_id AND k.engine = s.engine
    WHERE s.own IS NULL AND k.tells = 'run' AND k.began <= s.began AND k.ended >= s.ended
    GROUP BY s.piece
)
SELECT
    s.*,
    coalesce(s.own, k.own, r.own) AS owner,
    s.engine || ' ' || coalesce(s.own, k.own, r.own, s.trace_id || '/' || coalesce(s.top, s.span_id), s.piece)
        AS run_key
FROM named s
LEFT JOIN known k ON s.own IS NULL AND k.trace_id = s.trace_id AND k.span_id = s.top AND k.engine = s.engine
LEFT JOIN around r ON r.piece = s.piece;

-- come: each of these runs from all that was told of it
CREATE OR REPLACE TABLE derived.state.foreign_come AS
WITH run AS (
    SELECT
        run_key,
        min(rule) AS rule,
        min(system) AS system,
        min(instance) AS instance,
        coalesce(max(flow) FILTER (tells <> 'step'), max(flow), min(rule) || '/' || min(system)) AS flow,
        coalesce(max(run), min(trace_id || '/' || coalesce(top, span_id))) AS run_id,
        coalesce(min(trace_id) FILTER (tells <> 'step'), min(trace_id)) AS trace_id,
        max(attempt) AS attempt,
        coalesce(max(business_key) FILTER (tells <> 'step'), max(business_key)) AS business_key,
        coalesce(max(amount) FILTER (tells <> 'step'), max(amount)) AS amount,
        coalesce(max(currency) FILTER (tells <> 'step'), max(currency)) AS currency,
        coalesce(max(legal_entity) FILTER (tells <> 'step'), max(legal_entity)) AS legal_entity,
        max(retry_of) AS retry_of,
        coalesce(min(began) FILTER (tells IN ('run', 'begin')), min(began)) AS started_at,
        max(ended) FILTER (tells IN ('run', 'end')) AS ended_at,
        arg_max(failed, (ended, heard, piece)) FILTER (tells IN ('run', 'end')) AS failed,
        arg_max(waits, (ended, heard, piece)) FILTER (tells IN ('run', 'end')) AS waits,
        max(began) FILTER (tells = 'begin') AS begun_at,
        sum(took_us) FILTER (tells = 'run') AS took_us,
        arg_max(step, (ended, piece)) FILTER (tells = 'step' AND failed) AS failed_step,
        arg_max(step, (began, piece)) FILTER (tells = 'step') AS last_step,
        arg_max(error, (ended, piece)) FILTER (tells IN ('run', 'end') AND failed) AS run_error,
        arg_max(error, (ended, piece)) FILTER (tells = 'step' AND failed) AS step_error,
        arg_max(code, (ended, piece)) FILTER (tells IN ('run', 'end') AND failed) AS run_code,
        arg_max(code, (ended, piece)) FILTER (tells = 'step' AND failed) AS step_code,
        bool_or(failed AND decides AND last_try) AS undone,
        max(heard) AS heard,
        max(heard) FILTER (tells <> 'step') AS ending_heard
    FROM (
        SELECT *, row_number() OVER (
            PARTITION BY run_key, tells, step ORDER BY coalesce(attempt, 0) DESC, ended DESC, piece DESC
        ) = 1 AS last_try
        FROM derived.state.foreign_owned
    )
    WHERE owner IS NULL
        OR owner IN (SELECT run FROM derived.state.foreign_touched)
        OR owner NOT IN (SELECT run FROM derived.state.foreign_near WHERE run IS NOT NULL)
    GROUP BY run_key
), told AS (
    SELECT *, CASE
        WHEN ended_at IS NULL OR waits OR begun_at > ended_at THEN 'running'
        WHEN failed OR undone THEN 'failed'
        ELSE 'done'
    END AS state
    FROM run
)
SELECT
    run_key,
    rule,
    system,
    instance,
    flow,
    run_id,
    trace_id,
    state,
    CASE state WHEN 'failed' THEN failed_step WHEN 'running' THEN last_step END AS step,
    attempt,
    business_key,
    amount,
    CASE WHEN amount IS NOT NULL THEN currency END AS currency,
    legal_entity,
    CASE WHEN state = 'failed' THEN coalesce(run_code, step_code) END AS error_code,
    CASE WHEN state = 'failed' THEN coalesce(run_error, step_error) END AS error_message,
    retry_of,
    started_at,
    CASE WHEN state <> 'running' THEN ended_at END AS ended_at,
    CASE WHEN state <> 'running'
        THEN coalesce(took_us, greatest(epoch_us(ended_at) - epoch_us(started_at), 0)) / 1000.0
    END AS run_ms,
    CASE WHEN state = 'running' THEN heard ELSE ending_heard END AS heard_at
FROM told;

-- unread: what these runs were, and what steps were that have found their own
DELETE FROM derived.state.mart_foreign_run r
WHERE r.run_key IN (SELECT run_key FROM derived.state.foreign_come)
    OR (
        r.trace_id IN (SELECT trace_id FROM derived.state.foreign_told)
        AND r.run_key NOT IN (SELECT run_key FROM derived.state.foreign_owned)
    );

-- read: and what they are
INSERT INTO derived.state.mart_foreign_run SELECT * FROM derived.state.foreign_come;

-- let_go: steps of runs that are done say nothing more, but for those that alone tell something of the run
DELETE FROM derived.state.foreign_piece p
USING derived.state.foreign_owned o
JOIN derived.state.foreign_come c ON c.run_key = o.run_key
WHERE o.piece = p.piece
    AND p.tells = 'step'
    AND c.state = 'done'
    AND NOT p.decides
    AND coalesce(p.flow, p.business_key, p.currency, p.legal_entity, p.retry_of) IS NULL
    AND p.amount IS NULL
    AND p.attempt IS NULL;

-- mark: how far spans and logs were read
CREATE OR REPLACE TABLE derived.state.foreign_mark AS
SELECT max(batch_id) AS batch_id
FROM (
    SELECT max(batch_id) AS batch_id FROM spans WHERE batch_id > {foreign_mark}
    UNION ALL
    SELECT max(batch_id) FROM logs WHERE batch_id > {foreign_mark}
    UNION ALL
    SELECT {foreign_mark} + 8
);
