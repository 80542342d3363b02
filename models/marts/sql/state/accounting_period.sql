/*
Accounting periods as the ERP has them, and as each was closed, opened again or taken away since.

grain: system, system_id, batch_id, n
observed: accounting_period

    system        VARCHAR      -    as the installation calls it
    system_id     VARCHAR      -    the system's own id of the period
    legal_entity  VARCHAR      -    whose it is; none: of every company whose books the system keeps
    name          VARCHAR      -    what the system calls it
    first         DATE         day  its first day
    last          DATE         day  its last day
    closed        BOOLEAN      -    nothing more is booked into it
    closed_on     DATE         day  when it was closed, as the system says
    changed_at    TIMESTAMPTZ  UTC  when the system says that the record was last changed
    observed_at   TIMESTAMPTZ  UTC  when it was seen so
    present       BOOLEAN      -    false: it was seen to be gone
    latest        BOOLEAN      -    what holds of it now
    batch_id      BIGINT       -    where the lake has it
    n             INTEGER      -    where in that batch
*/

-- forget: what lies in batches that are read again
DELETE FROM derived.state.accounting_period WHERE batch_id > {mark};

-- put: every version, so that the moment of closing can be told
INSERT INTO derived.state.accounting_period
SELECT
    system,
    system_id,
    fields->>'$.legal_entity_id',
    fields->>'$.name',
    TRY_CAST(left(fields->>'$.first', 10) AS DATE),
    TRY_CAST(left(fields->>'$.last', 10) AS DATE),
    present AND coalesce(TRY_CAST(fields->>'$.closed' AS BOOLEAN), false),
    TRY_CAST(left(fields->>'$.closed_on', 10) AS DATE),
    TRY_CAST(fields->>'$.changed_at' AS TIMESTAMPTZ),
    observed_at,
    present,
    false,
    batch_id,
    n
FROM observations
WHERE batch_id > {mark} AND entity = 'accounting_period';

-- latest: which version of each holds now
UPDATE derived.state.accounting_period AS p
SET latest = (p.batch_id = newest.at.batch_id AND p.n = newest.at.n)
FROM (
    SELECT
        system,
        system_id,
        max(struct_pack(observed_at := observed_at, batch_id := batch_id, n := n)) AS at
    FROM derived.state.accounting_period
    GROUP BY ALL
) newest
WHERE newest.system = p.system AND newest.system_id = p.system_id;
