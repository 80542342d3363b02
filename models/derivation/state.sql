-- make_schema: where the latest observations live, in the memory of the process that refreshes
CREATE SCHEMA IF NOT EXISTS derived.state;

-- make_cents: an exact amount rounded half to even at the cent, as models.domain.money does it
CREATE OR REPLACE MACRO derived.state.cents(x) AS
    CAST(x AS DECIMAL(18,2)) - CASE
        WHEN abs(CAST(x AS DECIMAL(18,2)) - x) = 0.005 AND CAST(CAST(x AS DECIMAL(18,2)) * 100 AS BIGINT) % 2 <> 0
            THEN CAST(sign(x) * 0.01 AS DECIMAL(3,2))
        ELSE CAST(0 AS DECIMAL(3,2))
    END;

-- make_charged: what the customer pays for a posting or a reversal, to the cent; nothing where he does not pay
CREATE OR REPLACE MACRO derived.state.charged(kind, billable, hours, rate, amount) AS
    CAST(CASE
        WHEN NOT billable THEN 0
        WHEN kind = 'time' THEN coalesce(derived.state.cents(hours * rate), 0)
        ELSE coalesce(amount, 0)
    END AS DECIMAL(18,2));

-- make_in_time: whether nobody need act yet on what two systems do not have alike
CREATE OR REPLACE MACRO derived.state.in_time(
    now, reason, moving, since, allowed, target_seen, source_read_at, source_swept, target_read_at
) AS CASE
    WHEN moving THEN now < since + allowed
    -- No flow brings back what somebody deleted.
    WHEN reason = 'gone' THEN false
    -- The source shows only after this whether it has changed too.
    WHEN reason IN ('edited', 'over-billed', 'under-billed', 'doubled', 'foreign')
        THEN coalesce(source_read_at < target_seen, true)
    -- Late is what the source still has and the target still lacks after the promised time, as far as each was read;
    -- that nobody reads a system is a case of its own.
    ELSE coalesce(target_read_at < since + allowed, true)
        OR source_swept AND coalesce(source_read_at < since + allowed, true)
END;

-- make_cleared: what sealed values of the lake say, each opened once and here once; what parses a value that may be
-- sealed takes `coalesce(cleared.value, it)`. One whose key was dropped says nothing, and sealed text is no number.
CREATE TABLE IF NOT EXISTS derived.state.cleared (sealed VARCHAR, value VARCHAR);

-- make_mark: how far the lake has been read into the state
CREATE TABLE IF NOT EXISTS derived.state.mark (batch_id BIGINT);

-- make_read_batch: of the batches that are read again each time those whose observations are known
CREATE TABLE IF NOT EXISTS derived.state.read_batch (batch_id BIGINT);

-- make_stand: which derivation made each table what it is, and at which moment of the world the last one was
CREATE TABLE IF NOT EXISTS derived.state.stand (name VARCHAR, turn BIGINT, told_at TIMESTAMPTZ);

-- make_place: where each object was seen last, by its system's own id, so that an older row never overwrites it
-- `key` is what it is called now, `first_seen` when it was first called so.
CREATE TABLE IF NOT EXISTS derived.state.place (
    system VARCHAR,
    entity VARCHAR,
    system_id VARCHAR,
    key VARCHAR,
    observed_at TIMESTAMPTZ,
    batch_id BIGINT,
    n INTEGER,
    first_seen TIMESTAMPTZ
);

-- make_former_key: what an object was called before it got the key that it has now, from when until when
CREATE TABLE IF NOT EXISTS derived.state.former_key (
    system VARCHAR,
    entity VARCHAR,
    system_id VARCHAR,
    key VARCHAR,
    first_seen TIMESTAMPTZ,
    left_at TIMESTAMPTZ
);

-- make_seen_at: when something of each kind was seen last in each system, whatever became of it
CREATE TABLE IF NOT EXISTS derived.state.seen_at (
    system VARCHAR,
    entity VARCHAR,
    role VARCHAR,
    observed_at TIMESTAMPTZ
);

-- make_sale_place: where what is sold was seen last; little beside all else that has a place
CREATE TABLE IF NOT EXISTS derived.state.sale_place (
    system VARCHAR,
    entity VARCHAR,
    system_id VARCHAR,
    key VARCHAR,
    observed_at TIMESTAMPTZ
);

-- make_renamed: what projects are called now, and from when until when each name before was theirs alone
CREATE TABLE IF NOT EXISTS derived.state.renamed (
    system VARCHAR,
    project_code VARCHAR,
    since TIMESTAMPTZ,
    left_at TIMESTAMPTZ,
    called VARCHAR
);

-- read_batches: what has been read of the batches that the next turn looks through again
CREATE OR REPLACE TABLE derived.state.read_batch AS
SELECT DISTINCT batch_id FROM observations WHERE batch_id > {mark};

-- since: the newest place of each object among the batches that came since, and whether one key was all it had
CREATE OR REPLACE TABLE derived.state.since AS
SELECT
    system,
    entity,
    coalesce(nullif(system_id, ''), key) AS system_id,
    max(struct_pack(observed_at := observed_at, batch_id := batch_id, n := n)) AS last,
    min(observed_at) AS first_seen,
    min(hash(key)) AS named,
    min(hash(key)) = max(hash(key)) AS one_key
FROM observations
WHERE {unread}
GROUP BY ALL;

-- place_at: where in the table of places these objects are: one look for them is enough
CREATE OR REPLACE TABLE derived.state.place_at AS
SELECT p.rowid AS at
FROM derived.state.place p
SEMI JOIN derived.state.since s USING (system, entity, system_id);

-- known_place: where they were seen last
CREATE OR REPLACE TABLE derived.state.known_place AS
SELECT p.*, p.rowid AS at
FROM derived.state.place p
SEMI JOIN derived.state.place_at a ON a.at = p.rowid;

-- rekeyed: what is called otherwise than it was known has several keys, and some of them in batches that were read
UPDATE derived.state.since s SET one_key = false
FROM derived.state.known_place p
WHERE p.system = s.system AND p.entity = s.entity AND p.system_id = s.system_id AND hash(p.key) <> s.named;

-- fresh: the latest observation of each object among them, where it is newer than what is known
CREATE OR REPLACE TABLE derived.state.fresh AS
WITH wanted AS (  -- places first and contents after: a window over the contents would need memory for all of them
    SELECT s.last.batch_id AS batch_id, s.last.n AS n, s.system_id
    FROM derived.state.since s
    LEFT JOIN derived.state.known_place p USING (system, entity, system_id)
    WHERE p.system_id IS NULL OR (s.last.observed_at, s.last.batch_id, s.last.n) > (p.observed_at, p.batch_id, p.n)
)
SELECT o.* REPLACE (w.system_id AS system_id)
FROM (FROM observations WHERE {unread}) o
JOIN wanted w ON w.batch_id = o.batch_id AND w.n = o.n;

-- sealed: the sealed values among what is new that nobody opened yet; in work, which is most of all, by their places
WITH text AS (
    SELECT fields AS content
    FROM derived.state.fresh
    WHERE entity NOT IN ('time_entry', 'expense') AND contains(fields, 'enc:v1:')
    UNION ALL
    SELECT CAST(body->'$.data.milestones' AS VARCHAR)
    FROM records
    WHERE batch_id > {mark}
        AND kind = 'source_event'
        AND business_key LIKE 'project:%'
        AND contains(body, 'enc:v1:')
), named AS (
    SELECT unnest(json_extract_string(fields, ['$.bill_rate.amount', '$.cost_rate.amount'])) AS sealed
    FROM derived.state.fresh
    WHERE entity IN ('time_entry', 'expense') AND contains(fields, 'enc:v1:')
    UNION ALL
    SELECT unnest(regexp_extract_all(content, 'enc:v1:[a-z]+[.][0-9a-f]{16}[.][0-9a-f]+')) FROM text
)
SELECT DISTINCT sealed FROM named WHERE starts_with(sealed, 'enc:v1:')
EXCEPT
SELECT sealed FROM derived.state.cleared;

-- called: the keys of those that had several among these batches
CREATE OR REPLACE TABLE derived.state.called AS
SELECT
    s.system,
    s.entity,
    s.system_id,
    o.key,
    min(o.observed_at) AS first_seen,
    max(o.observed_at) AS last_seen
FROM observations o
JOIN derived.state.since s
    ON s.system = o.system
    AND s.entity = o.entity
    AND s.system_id = coalesce(nullif(o.system_id, ''), o.key)
    AND NOT s.one_key
WHERE o.batch_id > {mark}
GROUP BY ALL;

-- placed: where each was seen, when it was first called so, and what it was called when it was looked at last
CREATE OR REPLACE TABLE derived.state.newplace AS
SELECT
    f.system,
    f.entity,
    f.system_id,
    f.key,
    f.role,
    f.observed_at,
    f.batch_id,
    f.n,
    least(
        CASE WHEN s.one_key THEN s.first_seen ELSE c.first_seen END,
        CASE WHEN p.key = f.key THEN p.first_seen ELSE k.first_seen END
    ) AS first_seen,
    p.key AS key_before,
    p.first_seen AS first_before
FROM derived.state.fresh f
JOIN derived.state.since s USING (system, entity, system_id)
LEFT JOIN derived.state.called c USING (system, entity, system_id, key)
LEFT JOIN derived.state.former_key k USING (system, entity, system_id, key)
LEFT JOIN derived.state.known_place p ON p.system = f.system AND p.entity = f.entity AND p.system_id = f.system_id;

-- left_key: the other keys that these objects had
CREATE OR REPLACE TABLE derived.state.left_key AS
SELECT system, entity, system_id, key, min(first_seen) AS first_seen, max(left_at) AS left_at
FROM (
    -- It left a key when it was first called by the next.
    SELECT system, entity, system_id, key, first_seen, greatest(last_seen, next_seen) AS left_at
    FROM (
        SELECT c.*, p.key AS called, lead(c.first_seen, 1, p.first_seen) OVER (
            PARTITION BY system, entity, system_id ORDER BY c.last_seen, c.first_seen
        ) AS next_seen
        FROM derived.state.called c
        JOIN derived.state.newplace p USING (system, entity, system_id)
    )
    WHERE key <> called
    UNION ALL
    SELECT system, entity, system_id, key_before, first_before, first_seen
    FROM derived.state.newplace
    WHERE key_before <> key
    UNION ALL
    SELECT k.*
    FROM derived.state.former_key k
    JOIN derived.state.newplace p USING (system, entity, system_id)
    WHERE k.key <> p.key
)
GROUP BY ALL;

-- unplace: forget the older places
DELETE FROM derived.state.place p
USING (
    SELECT k.at
    FROM derived.state.known_place k
    SEMI JOIN derived.state.newplace f USING (system, entity, system_id)
) known
WHERE known.at = p.rowid;

-- place: and keep the new ones
INSERT INTO derived.state.place SELECT * EXCLUDE (role, key_before, first_before) FROM derived.state.newplace;

-- unleave: forget what these objects were called
DELETE FROM derived.state.former_key k USING derived.state.newplace p
WHERE k.system = p.system AND k.entity = p.entity AND k.system_id = p.system_id;

-- leave: and keep it as it is known now
INSERT INTO derived.state.former_key SELECT * FROM derived.state.left_key;

-- seen_at: an object's last moment only ever grows
CREATE OR REPLACE TABLE derived.state.seen_at AS
SELECT system, entity, role, max(observed_at) AS observed_at
FROM (
    SELECT * FROM derived.state.seen_at
    UNION ALL
    SELECT system, entity, role, observed_at FROM derived.state.newplace
)
GROUP BY ALL;

-- unplace_sale: forget where sales and what became of them were
DELETE FROM derived.state.sale_place p
USING derived.state.newplace n
WHERE n.entity = p.entity AND n.system = p.system AND n.system_id = p.system_id;

-- place_sale: and keep where they are
INSERT INTO derived.state.sale_place
SELECT system, entity, system_id, key, observed_at
FROM derived.state.newplace
WHERE entity IN ('project', 'contract', 'budget');

-- renamed: a system that gives a project another code changes no record that stands on it, and tells none again
CREATE OR REPLACE TABLE derived.state.renamed AS
WITH other AS (
    SELECT p.*
    FROM derived.state.place p
    SEMI JOIN derived.state.former_key k ON k.system = p.system AND k.entity = p.entity AND k.key = p.key
    WHERE p.entity = 'project'
)
SELECT
    k.system,
    k.key AS project_code,
    coalesce(lag(k.left_at) OVER same, '-infinity') AS since,
    k.left_at,
    p.key AS called
FROM derived.state.former_key k
JOIN derived.state.sale_place p ON p.system = k.system AND p.entity = k.entity AND p.system_id = k.system_id
LEFT JOIN other o
    ON o.system = k.system AND o.key = k.key AND o.system_id <> k.system_id AND o.first_seen < k.left_at
WHERE k.entity = 'project' AND o.key IS NULL
WINDOW same AS (PARTITION BY k.system, k.key ORDER BY k.left_at);

-- entities: which kinds of objects changed
SELECT DISTINCT entity FROM derived.state.fresh;

-- journal_run: what the marts need of the journal's runs that are open, dead or a replay
CREATE OR REPLACE TABLE derived.state.journal_run AS
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
    sealed_amount,
    currency,
    created_at,
    due_at,
    updated_at,
    source_changed_at,
    TRY_CAST(coalesce(payload->>'$.work_date', payload->>'$.spent_on') AS DATE) AS work_date,
    TRY_CAST(payload->>'$.closed_at' AS TIMESTAMPTZ) AS sold_at
FROM {runs};

-- sealed_run: sealed amounts of those that nobody opened yet
SELECT DISTINCT sealed_amount FROM derived.state.journal_run WHERE sealed_amount IS NOT NULL
EXCEPT
SELECT sealed FROM derived.state.cleared;

-- open_run: runs that are not finished, as the journal has them now
CREATE OR REPLACE TABLE derived.state.open_run AS
SELECT r.* EXCLUDE (sealed_amount) REPLACE (coalesce(amount, TRY_CAST(c.value AS DECIMAL(18,2))) AS amount)
FROM derived.state.journal_run r
LEFT JOIN derived.state.cleared c ON c.sealed = r.sealed_amount
WHERE state IN ('ready', 'running', 'waiting', 'in_doubt', 'dead')
    -- What is sent to an endpoint is told with the failure that it is about.
    AND flow <> 'replay-elsewhere';

-- sent_run: what was sent to endpoints of flows that run elsewhere
CREATE OR REPLACE TABLE derived.state.sent_run AS
SELECT replay_of AS run_key, run_id, state, error_code, error_message, created_at, updated_at AS moved_at
FROM derived.state.journal_run
WHERE flow = 'replay-elsewhere' AND replay_of IS NOT NULL;

-- replay_run: how the replays of each hour ended
CREATE OR REPLACE TABLE derived.state.replay_run AS
SELECT date_trunc('hour', created_at) AS hour, flow, state, count(*) AS n
FROM derived.state.journal_run
WHERE replay_of IS NOT NULL
GROUP BY ALL;
