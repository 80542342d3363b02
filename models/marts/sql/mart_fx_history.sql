/*
Units of the reporting currency for one unit of each currency, from each day on that another rate holds.

grain: currency, valid_from

    currency    VARCHAR         ISO 4217                     what is converted; the reporting currency itself has rate 1
    valid_from  DATE            day                          it holds from then until the next of its currency
    rate        DECIMAL(28,12)  reporting currency per unit  direct, turned round, or by way of a third currency
    quoted_on   DATE            day                          of what day it is; of two rates the older day
    through     VARCHAR         ISO 4217                     the third currency, where there is no direct rate
    assumed     BOOLEAN         -                            of days before the first known rate, which it takes
*/

-- fx_version: every version of each rate, with the time in which it was what one could know
-- What a system showed when its rates were read for the first time was there always, as far as anybody can tell. One
-- that a reading misses was there until then: a closing that the same reading shows still knew it.
CREATE OR REPLACE TABLE derived.state.fx_version AS
SELECT
    *,
    lead(known_from) OVER (
        PARTITION BY system, system_id, CASE WHEN base IS NULL THEN effective_date END
        ORDER BY observed_at, batch_id, n
    ) AS known_until
FROM (
    SELECT
        *,
        CASE
            WHEN observed_at = min(observed_at) OVER (PARTITION BY system) THEN TIMESTAMPTZ '0001-01-01 00:00:00+00'
            WHEN NOT present THEN observed_at + INTERVAL 1 MICROSECOND
            ELSE least(changed_at, observed_at)
        END AS known_from
    FROM derived.state.rate
);

-- fx_cut: closed periods for whose days another rate is known now than when they were closed
CREATE OR REPLACE TABLE derived.state.fx_cut AS
WITH late AS (
    SELECT known_from AS moment, effective_date FROM derived.state.fx_version WHERE effective_date IS NOT NULL
    UNION ALL
    SELECT known_until, effective_date FROM derived.state.fx_version WHERE known_until IS NOT NULL
), since AS (  -- the earliest day that anything concerns which came to be known at a moment or after it
    SELECT moment, min(min(effective_date)) OVER (ORDER BY moment DESC ROWS UNBOUNDED PRECEDING) AS day
    FROM late
    GROUP BY moment
)
SELECT row_number() OVER (ORDER BY closed_at, first, last) AS cut, *
FROM (
    SELECT DISTINCT p.first, p.last, p.closed_at
    FROM derived.state.mart_period p
    ASOF JOIN since s ON p.closed_at < s.moment
    WHERE p.closed AND s.day <= p.last
);

-- fx_known: the rates that can be used now (cut 0), and those that could be when each of these periods was closed
CREATE OR REPLACE TABLE derived.state.fx_known AS
SELECT 0 AS cut, system, system_id, base, quote, effective_date, rate
FROM derived.state.rate
WHERE latest AND present AND fault IS NULL
UNION ALL
SELECT c.cut, v.system, v.system_id, v.base, v.quote, v.effective_date, v.rate
FROM derived.state.fx_version v
JOIN derived.state.fx_cut c ON v.known_from <= c.closed_at AND coalesce(v.known_until > c.closed_at, true)
WHERE v.present AND v.fault IS NULL;

-- fx_pair: what one unit of src is worth in dst since a day; as it was entered, before that the other way round
CREATE OR REPLACE TABLE derived.state.fx_pair AS
WITH entered AS (
    SELECT cut, quote AS src, coalesce(base, {currency}) AS dst, effective_date AS valid_from, rate
    FROM derived.state.fx_known
    WHERE quote <> coalesce(base, {currency})
    -- Of two for one day the one that was entered last. One without a base only until its system tells bases.
    QUALIFY row_number() OVER (
        PARTITION BY cut, quote, coalesce(base, {currency}), effective_date
        ORDER BY base IS NULL, system, length(system_id) DESC, system_id DESC
    ) = 1
        AND (base IS NOT NULL OR NOT bool_or(base IS NOT NULL) OVER (PARTITION BY cut, system, quote))
), ways AS (
    SELECT cut, src, dst, valid_from, rate, false AS turned FROM entered
    UNION ALL
    SELECT cut, dst, src, valid_from, CAST(1 / CAST(rate AS DOUBLE) AS DECIMAL(28,12)), true FROM entered
)
SELECT cut, src, dst, valid_from, rate
FROM ways
WHERE rate > 0
QUALIFY NOT turned
    OR valid_from < coalesce(min(valid_from) FILTER (NOT turned) OVER (PARTITION BY cut, src, dst), DATE '9999-12-31');

-- fx_way: by which third currency each can be converted, and since when
CREATE OR REPLACE TABLE derived.state.fx_way AS
WITH leg AS (
    SELECT cut, src, dst, min(valid_from) AS first FROM derived.state.fx_pair GROUP BY ALL
)
SELECT a.cut, a.src AS currency, a.dst AS through, greatest(a.first, b.first) AS first, d.first AS direct_from
FROM leg a
JOIN leg b ON b.cut = a.cut AND b.src = a.dst AND b.dst = {currency}
LEFT JOIN leg d ON d.cut = a.cut AND d.src = a.src AND d.dst = {currency}
WHERE a.src <> {currency};

-- fx_line: direct rates, before them triangulated ones, and the first for all days before it; now and at each cut
-- The third currency of a day is the one that goes back furthest among those still kept up: what comes later changes
-- no earlier day.
CREATE OR REPLACE TABLE derived.state.fx_line AS
WITH moments AS (
    SELECT w.cut, w.currency, p.valid_from
    FROM derived.state.fx_way w
    JOIN derived.state.fx_pair p ON p.cut = w.cut AND p.src = w.currency AND p.dst = w.through
    WHERE w.direct_from IS NULL OR p.valid_from < w.direct_from
    UNION
    SELECT w.cut, w.currency, p.valid_from
    FROM derived.state.fx_way w
    JOIN derived.state.fx_pair p ON p.cut = w.cut AND p.src = w.through AND p.dst = {currency}
    WHERE w.direct_from IS NULL OR p.valid_from < w.direct_from
), triangulated AS (
    SELECT
        m.cut,
        m.currency,
        m.valid_from,
        CAST(a.rate * b.rate AS DECIMAL(28,12)) AS rate,
        least(a.valid_from, b.valid_from) AS quoted_on,
        w.through
    FROM moments m
    JOIN derived.state.fx_way w ON w.cut = m.cut AND w.currency = m.currency
    ASOF JOIN derived.state.fx_pair a
        ON a.cut = m.cut AND a.src = m.currency AND a.dst = w.through AND m.valid_from >= a.valid_from
    ASOF JOIN derived.state.fx_pair b
        ON b.cut = m.cut AND b.src = w.through AND b.dst = {currency} AND m.valid_from >= b.valid_from
    QUALIFY row_number() OVER (
        PARTITION BY m.cut, m.currency, m.valid_from
        ORDER BY least(a.valid_from, b.valid_from) < m.valid_from - {rate_days}, w.first, w.through
    ) = 1
), known AS (
    SELECT cut, src AS currency, valid_from, rate, valid_from AS quoted_on, CAST(NULL AS VARCHAR) AS through
    FROM derived.state.fx_pair
    WHERE dst = {currency}
    UNION ALL
    SELECT * FROM triangulated
)
SELECT cut, currency, valid_from, rate, quoted_on, through, false AS assumed FROM known WHERE rate > 0
UNION ALL
SELECT cut, currency, DATE '0001-01-01', arg_min(rate, valid_from), min(quoted_on), arg_min(through, valid_from), true
FROM known
WHERE rate > 0
GROUP BY cut, currency;

-- mart_fx_history: what is known now
CREATE OR REPLACE TABLE derived.state.mart_fx_history AS
SELECT * EXCLUDE (cut) FROM derived.state.fx_line WHERE cut = 0
UNION ALL
SELECT {currency}, DATE '0001-01-01', CAST(1 AS DECIMAL(28,12)), (SELECT day FROM derived.state.firm_day), NULL, false;

-- fx_span: the days between which rates change; on all days before, and on all after, they are those of its ends
CREATE OR REPLACE TABLE derived.state.fx_span AS
SELECT
    coalesce(min(valid_from) - 1, (SELECT day FROM derived.state.firm_day)) AS first,
    coalesce(max(valid_from), (SELECT day FROM derived.state.firm_day)) AS last
FROM derived.state.mart_fx_history
WHERE valid_from > DATE '0001-01-01';

-- fx_day: the rate of each day of the span, for joins by equality: a look at the history for each item costs four times
-- On no day at all only the reporting currency has one.
CREATE OR REPLACE TABLE derived.state.fx_day AS
WITH days AS (
    SELECT CAST(unnest(generate_series(first, last, INTERVAL 1 DAY)) AS DATE) AS day FROM derived.state.fx_span
), currencies AS (
    SELECT DISTINCT currency FROM derived.state.mart_fx_history
)
SELECT c.currency, d.day, h.rate
FROM days d
CROSS JOIN currencies c
ASOF JOIN derived.state.mart_fx_history h ON h.currency = c.currency AND d.day >= h.valid_from
UNION ALL
SELECT {currency}, DATE '0001-01-01', CAST(1 AS DECIMAL(28,12));

-- rate_day: the day of the span whose rates hold on a day; what has no day has no rate either
CREATE OR REPLACE MACRO derived.state.rate_day(d) AS CASE
    WHEN d IS NULL THEN DATE '0001-01-01'
    ELSE greatest(
        least(d, (SELECT last FROM derived.state.fx_span)),
        (SELECT first FROM derived.state.fx_span)
    )
END;

-- fx_frozen: where a closed period keeps another rate than the one known now; one of which none was known takes today's
CREATE OR REPLACE TABLE derived.state.fx_frozen AS
WITH days AS (
    SELECT cut, CAST(unnest(generate_series(first, last, INTERVAL 1 DAY)) AS DATE) AS day FROM derived.state.fx_cut
), held AS (
    SELECT d.cut, d.day, c.currency, h.rate
    FROM days d
    JOIN (SELECT DISTINCT cut, currency FROM derived.state.fx_line) c ON c.cut = d.cut
    ASOF JOIN derived.state.fx_line h ON h.cut = d.cut AND h.currency = c.currency AND d.day >= h.valid_from
)
SELECT DISTINCT p.legal_entity, h.currency, h.day, h.rate
FROM held h
JOIN derived.state.fx_cut c USING (cut)
JOIN derived.state.mart_period p ON p.closed AND p.closed_at = c.closed_at AND p.first = c.first AND p.last = c.last
LEFT JOIN derived.state.fx_day fx ON fx.currency = h.currency AND fx.day = derived.state.rate_day(h.day)
WHERE fx.rate IS DISTINCT FROM h.rate
-- Two ERPs that keep one company's books: the one that closed first.
QUALIFY row_number() OVER (PARTITION BY p.legal_entity, h.currency, h.day ORDER BY c.closed_at, h.rate) = 1;
