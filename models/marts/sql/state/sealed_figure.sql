/*
Figures of days that are over, as they were sealed, and as they were restated since.

grain: day, name, record_id

    day          DATE           day   the world's day
    name         VARCHAR        -     which figure
    value        DECIMAL(18,2)  unit  as reported last on that day
    adjusted     DECIMAL(18,2)  unit  with every open case settled as its evidence says
    low          DECIMAL(18,2)  unit  the lowest that open cases could make it then
    high         DECIMAL(18,2)  unit  the highest that open cases could make it then
    numerator    DECIMAL(28,6)  -     of a ratio: what is divided
    denominator  DECIMAL(28,6)  -     of a ratio: by what
    n            BIGINT         -     how many things it rested on
    unit         VARCHAR        -     as in mart_kpi
    restated     BOOLEAN        -     it takes the place of one that was sealed before
    record_id    VARCHAR        -     of its record
    batch_id     BIGINT         -     where the lake has it
    n_batch      INTEGER        -     where in that batch
*/

-- forget: what lies in batches that are read again
DELETE FROM derived.state.sealed_figure WHERE batch_id > {mark};

-- put: what was sealed since
INSERT INTO derived.state.sealed_figure
SELECT
    TRY_CAST(body->>'$.day' AS DATE),
    body->>'$.name',
    TRY_CAST(body->>'$.value' AS DECIMAL(18,2)),
    TRY_CAST(body->>'$.adjusted' AS DECIMAL(18,2)),
    TRY_CAST(body->>'$.low' AS DECIMAL(18,2)),
    TRY_CAST(body->>'$.high' AS DECIMAL(18,2)),
    TRY_CAST(body->>'$.numerator' AS DECIMAL(28,6)),
    TRY_CAST(body->>'$.denominator' AS DECIMAL(28,6)),
    TRY_CAST(body->>'$.n' AS BIGINT),
    body->>'$.unit',
    status = 'restated',
    record_id,
    batch_id,
    n
FROM records
WHERE batch_id > {mark} AND kind = 'figures';
