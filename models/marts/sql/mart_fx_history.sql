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

-- fx_pair: what one unit of src is worth in dst since a day; as it was entered, before that the other way round
CREATE OR REPLACE TABLE memory.state.fx_pair AS
WITH entered AS (
    SELECT quote AS src, coalesce(base, {currency}) AS dst, effective_date AS valid_from, rate
    FROM memory.state.rate
    WHERE latest AND present AND fault IS NULL AND quote <> coalesce(base, {currency})
    -- Of two for one day the one that was entered last. One without a base only until its system tells bases.
    QUALIFY row_number() OVER (
        PARTITION BY quote, coalesce(base, {currency}), effective_date
        ORDER BY base IS NULL, system, length(system_id) DESC, system_id DESC
    ) = 1
        AND (base IS NOT NULL OR NOT bool_or(base IS NOT NULL) OVER (PARTITION BY system, quote))
), ways AS (
    SELECT src, dst, valid_from, rate, false AS turned FROM entered
    UNION ALL
    SELECT dst, src, valid_from, CAST(1 / CAST(rate AS DOUBLE) AS DECIMAL(28,12)), true FROM entered
)
SELECT src, dst, valid_from, rate
FROM ways
WHERE rate > 0
QUALIFY NOT turned
    OR valid_from < coalesce(min(valid_from) FILTER (NOT turned) OVER (PARTITION BY src, dst), DATE '9999-12-31');

-- fx_pivot: the third currency of each, the one whose rates go on longest
CREATE OR REPLACE TABLE memory.state.fx_pivot AS
WITH spans AS (
    SELECT src, dst, min(valid_from) AS first, max(valid_from) AS last FROM memory.state.fx_pair GROUP BY ALL
)
SELECT a.src AS currency, a.dst AS through
FROM spans a
JOIN spans b ON b.src = a.dst AND b.dst = {currency}
WHERE a.src <> {currency}
QUALIFY row_number() OVER (
    PARTITION BY a.src ORDER BY least(a.last, b.last) DESC, greatest(a.first, b.first), a.dst
) = 1;

-- mart_fx_history: direct rates, before them triangulated ones, and the first for all days before it
CREATE OR REPLACE TABLE memory.state.mart_fx_history AS
WITH direct AS (
    SELECT src AS currency, valid_from, rate, valid_from AS quoted_on, CAST(NULL AS VARCHAR) AS through
    FROM memory.state.fx_pair
    WHERE dst = {currency}
), moments AS (
    SELECT p.currency, p.through, a.valid_from
    FROM memory.state.fx_pivot p
    JOIN memory.state.fx_pair a ON a.src = p.currency AND a.dst = p.through
    UNION
    SELECT p.currency, p.through, b.valid_from
    FROM memory.state.fx_pivot p
    JOIN memory.state.fx_pair b ON b.src = p.through AND b.dst = {currency}
), triangulated AS (
    SELECT
        m.currency,
        m.valid_from,
        CAST(a.rate * b.rate AS DECIMAL(28,12)) AS rate,
        least(a.valid_from, b.valid_from) AS quoted_on,
        m.through
    FROM moments m
    ASOF JOIN memory.state.fx_pair a ON a.src = m.currency AND a.dst = m.through AND m.valid_from >= a.valid_from
    ASOF JOIN memory.state.fx_pair b ON b.src = m.through AND b.dst = {currency} AND m.valid_from >= b.valid_from
), known AS (
    SELECT * FROM direct
    UNION ALL
    SELECT t.*
    FROM triangulated t
    LEFT JOIN (SELECT currency, min(valid_from) AS first FROM direct GROUP BY currency) d ON d.currency = t.currency
    WHERE d.first IS NULL OR t.valid_from < d.first
)
SELECT currency, valid_from, rate, quoted_on, through, false AS assumed FROM known WHERE rate > 0
UNION ALL
SELECT currency, DATE '0001-01-01', arg_min(rate, valid_from), min(quoted_on), arg_min(through, valid_from), true
FROM known
WHERE rate > 0
GROUP BY currency
UNION ALL
SELECT {currency}, DATE '0001-01-01', CAST(1 AS DECIMAL(28,12)), CAST({now} AS DATE), NULL, false;

-- fx_span: the days between which rates change; on all days before, and on all after, they are those of its ends
CREATE OR REPLACE TABLE memory.state.fx_span AS
SELECT
    coalesce(min(valid_from) - 1, CAST({now} AS DATE)) AS first,
    coalesce(max(valid_from), CAST({now} AS DATE)) AS last
FROM memory.state.mart_fx_history
WHERE valid_from > DATE '0001-01-01';

-- fx_day: the rate of each day of the span, for joins by equality: a look at the history for each item costs four times
CREATE OR REPLACE TABLE memory.state.fx_day AS
WITH days AS (
    SELECT CAST(unnest(generate_series(first, last, INTERVAL 1 DAY)) AS DATE) AS day FROM memory.state.fx_span
), currencies AS (
    SELECT DISTINCT currency FROM memory.state.mart_fx_history
)
SELECT c.currency, d.day, h.rate
FROM days d
CROSS JOIN currencies c
ASOF JOIN memory.state.mart_fx_history h ON h.currency = c.currency AND d.day >= h.valid_from;

-- rate_day: the day of the span whose rates hold on a day; what has no day takes today's
CREATE OR REPLACE MACRO memory.state.rate_day(d) AS greatest(
    least(coalesce(d, CAST({now} AS DATE)), (SELECT last FROM memory.state.fx_span)),
    (SELECT first FROM memory.state.fx_span)
);
