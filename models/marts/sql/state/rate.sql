/*
Exchange rates as each system entered them, and as each was changed or taken away since: one unit of `quote` was worth
`rate` units of `base` from its day on.

grain: system, system_id, batch_id, n
observed: exchange_rate
published: mart_state_rate

    system          VARCHAR         -                  as the installation calls it
    role            VARCHAR         -                  crm, erp, psa, ppm or hcm
    system_id       VARCHAR         -                  the system's own id of the rate
    base            VARCHAR         ISO 4217           what it is converted into; none: the reporting currency
    quote           VARCHAR         ISO 4217           the currency that is converted
    rate            DECIMAL(28,12)  base per quote     above zero where nothing is at fault
    effective_date  DATE            day                the first day on which it holds
    fault           VARCHAR         -                  why it cannot be used: what it lacks, or what is wrong with it
    changed_at      TIMESTAMPTZ     UTC                when the system says that it was last changed
    observed_at     TIMESTAMPTZ     UTC                when it was seen so
    present         BOOLEAN         -                  false: it was seen to be gone
    latest          BOOLEAN         -                  what holds of it now
    batch_id        BIGINT          -                  where the lake has it
    n               INTEGER         -                  where in that batch
*/

-- forget: what lies in batches that are read again
DELETE FROM derived.state.rate WHERE batch_id > {mark};

-- put: every version, so that what an earlier figure stood on can be told
INSERT INTO derived.state.rate
WITH told AS (
    SELECT
        *,
        TRY_CAST(fields->>'$.rate' AS DECIMAL(28,12)) AS units,
        coalesce(fields->>'$.quote', fields->>'$.currency') AS quote,
        -- 0.1.0 wrote a currency and a rate to the reporting currency, without saying to which.
        (fields->>'$.quote') IS NULL AND (fields->>'$.base') IS NULL AND (fields->>'$.unreadable') IS NULL AS of_old,
        fields->>'$.base' AS base,
        TRY_CAST(left(coalesce(fields->>'$.effective_date', fields->>'$.as_of'), 10) AS DATE) AS day
    FROM observations
    WHERE batch_id > {mark} AND entity = 'exchange_rate'
)
SELECT
    system,
    role,
    system_id,
    base,
    quote,
    units,
    day,
    CASE
        WHEN NOT present THEN NULL
        WHEN (fields->>'$.unreadable') IS NOT NULL THEN 'unreadable: ' || (fields->>'$.unreadable')
        WHEN NOT coalesce(regexp_full_match(quote, '[A-Z]{3}'), false) THEN 'no currency'
        WHEN NOT of_old AND NOT coalesce(regexp_full_match(base, '[A-Z]{3}'), false) THEN 'no base currency'
        WHEN base = quote THEN 'one currency to itself'
        WHEN day IS NULL THEN 'no effective date'
        WHEN day < DATE '1970-01-01' OR day > CAST(observed_at AS DATE) + 731 THEN 'an effective date out of all reason'
        WHEN units IS NULL THEN 'no rate'
        WHEN units <= 0 THEN 'a rate that is not above zero'
    END,
    TRY_CAST(fields->>'$.changed_at' AS TIMESTAMPTZ),
    observed_at,
    present,
    false,
    batch_id,
    n
FROM told;

-- latest: which version of each holds now; without a base one id stood for all days, so each day is a rate of its own
UPDATE derived.state.rate AS r
SET latest = (r.batch_id = newest.at.batch_id AND r.n = newest.at.n)
FROM (
    SELECT
        system,
        system_id,
        CASE WHEN base IS NULL THEN effective_date END AS day,
        max(struct_pack(observed_at := observed_at, batch_id := batch_id, n := n)) AS at
    FROM derived.state.rate
    GROUP BY ALL
) newest
WHERE newest.system = r.system
    AND newest.system_id = r.system_id
    AND newest.day IS NOT DISTINCT FROM CASE WHEN r.base IS NULL THEN r.effective_date END;
