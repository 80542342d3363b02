/*
What came of each flow beside what was to be expected, learnt from its own twelve weeks before: since the last arrival,
and in the last 24 whole hours. A stretch of hours is compared with the same hours of the same weekdays of each week
before, in the series' zone. Hours on a day on which its company rests, and hours that nobody watched, expect nothing; a
week in which such a day falls among the hours is no comparison.

The comparison gives away an hour: of each week counts the larger of what came without its first and its last hour, and
of the sum of what the least of each hour and its two neighbours brought. Clocks that change, and people who begin or
end an hour later, are no silence so. A stretch of two hours or more is silent once, for its hours up to some hour,
there are four comparable weeks or more, nine in ten of them brought something, and zero lies three spreads or more
below their median; a spread is 1.4826 median absolute deviations (a normal's standard deviation, Rousseeuw and Croux
1993), no less than the root of the median (Poisson's). What comes by the clock is known by a variance of a tenth of its
mean or less over eight weeks or more (Fisher's index of dispersion): one stretch without any is enough.

Too little came in 24 hours that are less than a quarter of the least of six or more comparable weeks, where that least
is twenty or more, and five spreads below their median; something of it in half or more of the hours that usually bring
any, since what comes again after a silence is no trickle.

grain: flow, system, instance, legal_entity
granule: flow
within: volume_series.flow, volume_hour.flow, volume_closed.flow

    flow          VARCHAR      -       which flow
    system        VARCHAR      -       where it came from
    instance      VARCHAR      -       which of several engines of one service
    legal_entity  VARCHAR      -       which company; empty: several together, or nothing tells
    whole         BOOLEAN      -       all arrivals of the flow from there
    zone          VARCHAR      -       by whose days and hours it is compared
    state         VARCHAR      -       learning, usual, few or silent
    first_at      TIMESTAMPTZ  UTC     the hour in which the first one came
    last_at       TIMESTAMPTZ  UTC     when the last one came
    until_at      TIMESTAMPTZ  UTC     up to which whole hour all that came is known
    came          BIGINT       events  in the last 24 hours before that
    expected      DOUBLE       events  half of the comparable weeks brought no more then; none on a day of rest
    low           DOUBLE       events  a tenth of them brought no more
    high          DOUBLE       events  a tenth of them brought no less
    weeks         BIGINT       weeks   that these hours are compared with, at most twelve
    missed        DOUBLE       events  expected since the last one came: the median of as many hours of each week
    missed_low    DOUBLE       events  a tenth of the weeks brought no more
    missed_high   DOUBLE       events  a tenth of them brought no less
    missed_from   TIMESTAMPTZ  UTC     the first whole hour without any
    missed_until  TIMESTAMPTZ  UTC     the end of the last one, told anew once a day, for a week at most
    comparable    BIGINT       weeks   that these hours are compared with
    with_any      BIGINT       weeks   of these that brought anything
    confidence    DOUBLE       -       such hours bring something: (with_any + 1) / (comparable + 2), by Laplace's rule
    closed_days   DATE[]       day     the days of rest among the last eight
*/

-- touched: the flows of which something came, and all once another hour is over
SELECT flow FROM derived.moved.volume_series
UNION
SELECT flow FROM derived.moved.volume_hour
UNION
SELECT flow FROM derived.moved.volume_closed
UNION
SELECT '*' FROM derived.moved.listened
UNION
SELECT '*' FROM derived.moved.watched;

-- volume_span: each series with the hours that are looked at, by the clock of its zone
CREATE OR REPLACE TABLE derived.state.volume_span AS
WITH heard AS (
    SELECT
        s.*,
        CASE WHEN l.system IS NULL AND NOT contains(s.flow, '/') THEN any_other.until
            WHEN l.system IS NULL THEN present.until
            ELSE l.until
        END AS until_at
    FROM derived.state.volume_series s
    LEFT JOIN derived.state.listened l ON l.system = s.system AND NOT contains(s.flow, '/')
    LEFT JOIN derived.state.listened any_other ON any_other.system = '*'
    LEFT JOIN derived.state.listened present ON present.system = ''
), local AS (
    SELECT
        *,
        date_trunc('hour', first_at AT TIME ZONE zone) AS first_hour,
        date_trunc('hour', last_at AT TIME ZONE zone) + INTERVAL 1 HOUR AS silent_from,
        date_trunc('hour', until_at AT TIME ZONE zone) AS until_hour,
        least(greatest(date_diff('hour', silent_from, until_hour), 0), 168) AS hours
    FROM heard
)
SELECT *, silent_from + to_hours(hours) AS silent_until FROM local;

-- volume_cell: each hour that is looked at beside the same hour of each week before
CREATE OR REPLACE TABLE derived.state.volume_cell AS
WITH looked AS (
    SELECT flow, system, instance, legal_entity, zone, first_hour, 'silent' AS span, silent_from AS since,
        unnest(range(silent_from, silent_until, INTERVAL 1 HOUR)) AS moment
    FROM derived.state.volume_span
    UNION ALL
    SELECT flow, system, instance, legal_entity, zone, first_hour, 'day', until_hour - INTERVAL 24 HOUR,
        unnest(range(until_hour - INTERVAL 24 HOUR, until_hour, INTERVAL 1 HOUR))
    FROM derived.state.volume_span
), heard AS (
    SELECT DISTINCT z.zone, date_trunc('hour', w.hour AT TIME ZONE z.zone) AS moment
    FROM derived.state.watched w
    CROSS JOIN (SELECT DISTINCT zone FROM derived.state.volume_span) z
    WHERE w.hour > (SELECT max(until_at) FROM derived.state.volume_span) - INTERVAL 182 DAY
), counted AS (
    SELECT
        k.*,
        c.day IS NOT NULL AS rests,
        h.moment IS NOT NULL AS watched,
        week,
        k.moment - to_days(CAST(7 * week AS INTEGER)) AS then_at
    FROM looked k
    CROSS JOIN range(0, 13) AS w(week)
    LEFT JOIN derived.state.volume_closed c
        ON c.flow = k.flow
        AND c.system = k.system
        AND c.instance = k.instance
        AND c.legal_entity = k.legal_entity
        AND c.day = CAST(k.moment AS DATE)
    LEFT JOIN heard h ON h.zone = k.zone AND h.moment = k.moment
    WHERE week = 0 AND span = 'day' OR week > 0 AND since - to_days(CAST(7 * week AS INTEGER)) >= first_hour
)
SELECT
    k.flow,
    k.system,
    k.instance,
    k.legal_entity,
    k.span,
    k.since,
    k.moment,
    k.week,
    k.rests,
    k.watched,
    c.day IS NOT NULL AND NOT k.rests AS rested,
    CASE WHEN k.rests OR NOT k.watched AND span = 'silent' THEN 0 ELSE coalesce(a.arrivals, 0) END AS came,
    CASE WHEN k.rests OR NOT k.watched THEN 0
        ELSE least(coalesce(a.arrivals, 0), coalesce(b.arrivals, 0), coalesce(d.arrivals, 0))
    END AS least_near
FROM counted k
LEFT JOIN derived.state.volume_hour a
    ON a.flow = k.flow AND a.system = k.system AND a.instance = k.instance AND a.legal_entity = k.legal_entity
    AND a.moment = k.then_at
LEFT JOIN derived.state.volume_hour b
    ON b.flow = k.flow AND b.system = k.system AND b.instance = k.instance AND b.legal_entity = k.legal_entity
    AND b.moment = k.then_at - INTERVAL 1 HOUR
LEFT JOIN derived.state.volume_hour d
    ON d.flow = k.flow AND d.system = k.system AND d.instance = k.instance AND d.legal_entity = k.legal_entity
    AND d.moment = k.then_at + INTERVAL 1 HOUR
LEFT JOIN derived.state.volume_closed c
    ON c.flow = k.flow AND c.system = k.system AND c.instance = k.instance AND c.legal_entity = k.legal_entity
    AND c.day = CAST(k.then_at AS DATE);

-- mart_volume: silence by each hour up to which it may be told, so that a longer one is never less certain
CREATE OR REPLACE TABLE derived.state.mart_volume AS
WITH grown AS (
    SELECT
        flow,
        system,
        instance,
        legal_entity,
        moment,
        week,
        sum(came) OVER so_far AS all_of_it,
        coalesce(sum(CASE WHEN moment > since THEN came END) OVER before, 0) AS inner_came,
        greatest(inner_came, sum(least_near) OVER so_far) AS held,
        bool_or(rested) OVER so_far AS rested
    FROM derived.state.volume_cell
    WHERE span = 'silent'
    WINDOW so_far AS (PARTITION BY flow, system, instance, legal_entity, week ORDER BY moment),
        before AS (
            PARTITION BY flow, system, instance, legal_entity, week
            ORDER BY moment ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        )
), told AS (
    SELECT
        flow,
        system,
        instance,
        legal_entity,
        moment,
        row_number() OVER (PARTITION BY flow, system, instance, legal_entity ORDER BY moment) AS hours,
        count(*) AS comparable,
        count(*) FILTER (held > 0) AS with_any,
        median(held) AS middle,
        greatest(1.4826 * mad(CAST(held AS DOUBLE)), sqrt(middle)) AS spread,
        count(*) >= 8 AND min(inner_came) > 0 AND var_samp(inner_came) <= 0.1 * avg(inner_came) AS by_the_clock,
        median(all_of_it) AS missed,
        quantile_cont(all_of_it, 0.1) AS missed_low,
        quantile_cont(all_of_it, 0.9) AS missed_high
    FROM grown
    WHERE NOT rested
    GROUP BY flow, system, instance, legal_entity, moment
), judged AS (
    SELECT
        *,
        hours >= 2
        AND comparable >= 4
        AND with_any >= 0.9 * comparable
        AND (middle >= 3 * spread AND middle > 0 OR by_the_clock) AS silent
    FROM told
), shown AS (
    -- Once a day after the first one, but for the hour that tells it: a case is not written anew each hour.
    SELECT *, greatest(
        max(CASE WHEN hours <= 24 OR hours % 24 = 0 THEN moment END) OVER series,
        min(CASE WHEN silent THEN moment END) OVER series
    ) AS last_hour
    FROM judged
    WINDOW series AS (PARTITION BY flow, system, instance, legal_entity)
), silence AS (
    SELECT
        flow,
        system,
        instance,
        legal_entity,
        bool_or(silent) AS silent,
        any_value(last_hour) AS last_hour,
        any_value(comparable) FILTER (moment = last_hour) AS comparable,
        any_value(with_any) FILTER (moment = last_hour) AS with_any,
        any_value(missed) FILTER (moment = last_hour) AS missed,
        any_value(missed_low) FILTER (moment = last_hour) AS missed_low,
        any_value(missed_high) FILTER (moment = last_hour) AS missed_high
    FROM shown
    GROUP BY flow, system, instance, legal_entity
), week AS (
    SELECT
        flow,
        system,
        instance,
        legal_entity,
        week,
        sum(came) AS came,
        bool_or(rests) AS rests,
        bool_or(rested) AS rested,
        bool_and(watched) AS watched
    FROM derived.state.volume_cell
    WHERE span = 'day'
    GROUP BY ALL
), usual_hour AS (
    SELECT
        flow,
        system,
        instance,
        legal_entity,
        moment,
        bool_or(came > 0) FILTER (week = 0) AS brought
    FROM derived.state.volume_cell
    WHERE span = 'day' AND NOT rested
    GROUP BY ALL
    HAVING count(*) FILTER (week > 0 AND came > 0) >= 0.9 * count(*) FILTER (week > 0)
), spread_out AS (
    SELECT flow, system, instance, legal_entity, count(*) FILTER (brought) >= 0.5 * count(*) AS spread_out
    FROM usual_hour
    GROUP BY ALL
), day AS (
    SELECT
        flow,
        system,
        instance,
        legal_entity,
        any_value(came) FILTER (week = 0) AS came,
        bool_or(rests) AS rests,
        bool_and(watched) AS watched,
        count(*) FILTER (week > 0 AND NOT rested) AS weeks,
        median(came) FILTER (week > 0 AND NOT rested) AS expected,
        mad(CAST(came AS DOUBLE)) FILTER (week > 0 AND NOT rested) AS deviation,
        min(came) FILTER (week > 0 AND NOT rested) AS least,
        quantile_cont(came, 0.1) FILTER (week > 0 AND NOT rested) AS low,
        quantile_cont(came, 0.9) FILTER (week > 0 AND NOT rested) AS high
    FROM week
    GROUP BY flow, system, instance, legal_entity
)
SELECT
    s.flow,
    s.system,
    s.instance,
    s.legal_entity,
    s.whole,
    s.zone,
    CASE
        WHEN coalesce(q.silent, false) THEN 'silent'
        WHEN d.weeks >= 6
            AND d.watched
            AND NOT d.rests
            AND d.came > 0
            AND p.spread_out
            AND d.least >= 20
            AND d.came < 0.25 * d.least
            AND d.expected - d.came >= 5 * greatest(1.4826 * d.deviation, sqrt(d.expected)) THEN 'few'
        WHEN s.first_hour > s.until_hour - INTERVAL 29 DAY OR s.until_hour IS NULL THEN 'learning'
        ELSE 'usual'
    END AS state,
    s.first_at,
    s.last_at,
    s.until_at,
    CAST(coalesce(d.came, 0) AS BIGINT) AS came,
    CASE WHEN NOT d.rests THEN CAST(d.expected AS DOUBLE) END AS expected,
    CASE WHEN NOT d.rests THEN CAST(d.low AS DOUBLE) END AS low,
    CASE WHEN NOT d.rests THEN CAST(d.high AS DOUBLE) END AS high,
    coalesce(d.weeks, 0) AS weeks,
    CAST(q.missed AS DOUBLE) AS missed,
    CAST(q.missed_low AS DOUBLE) AS missed_low,
    CAST(q.missed_high AS DOUBLE) AS missed_high,
    CASE WHEN q.last_hour IS NOT NULL THEN s.silent_from AT TIME ZONE s.zone END AS missed_from,
    (q.last_hour + INTERVAL 1 HOUR) AT TIME ZONE s.zone AS missed_until,
    q.comparable,
    q.with_any,
    CAST((q.with_any + 1) / (q.comparable + 2) AS DOUBLE) AS confidence,
    coalesce((
        SELECT list_sort(list(c.day))
        FROM derived.state.volume_closed c
        WHERE c.flow = s.flow AND c.system = s.system AND c.instance = s.instance
            AND c.legal_entity = s.legal_entity
            AND c.day BETWEEN CAST(s.until_hour AS DATE) - 8 AND CAST(s.until_hour AS DATE)
    ), []) AS closed_days
FROM derived.state.volume_span s
LEFT JOIN silence q
    ON q.flow = s.flow AND q.system = s.system AND q.instance = s.instance AND q.legal_entity = s.legal_entity
LEFT JOIN spread_out p
    ON p.flow = s.flow AND p.system = s.system AND p.instance = s.instance AND p.legal_entity = s.legal_entity
LEFT JOIN day d
    ON d.flow = s.flow AND d.system = s.system AND d.instance = s.instance AND d.legal_entity = s.legal_entity;
