/*
How much comes in a usual hour of each flow, by weekday and hour of the series' own zone: learnt from the twelve weeks
before today, or before it fell silent, without days on which its company rests. Hours without any count as such.

grain: flow, system, instance, legal_entity, weekday, hour
granule: flow
within: volume_series.flow, volume_hour.flow, volume_closed.flow

    flow          VARCHAR  -       which flow
    system        VARCHAR  -       where it came from
    instance      VARCHAR  -       which of several engines of one service
    legal_entity  VARCHAR  -       which company; empty: all together
    weekday       BIGINT   -       1 is Monday, 7 Sunday
    hour          BIGINT   h       0 to 23, in the series' zone
    days          BIGINT   days    such days since its first arrival, at most twelve
    with_any      BIGINT   days    of these days those that brought anything in this hour
    expected      DOUBLE   events  half of the days brought no more: the median
    spread        DOUBLE   events  median absolute deviation from it
    low           DOUBLE   events  a tenth of the days brought no more
    high          DOUBLE   events  a tenth of the days brought no less
*/

-- touched: flows whose past is another, and all once it is another day somewhere; what comes today teaches tomorrow
SELECT h.flow
FROM derived.moved.volume_hour h
JOIN derived.state.volume_series s
    ON s.flow = h.flow AND s.system = h.system AND s.instance = h.instance AND s.legal_entity = h.legal_entity
JOIN derived.state.present_day p ON p.zone = s.zone
WHERE h.moment >= p.day - 84 AND h.moment < p.day
UNION
SELECT s.flow
FROM derived.moved.volume_series s
JOIN derived.state.present_day p ON p.zone = s.zone
GROUP BY s.flow, s.system, s.instance, s.legal_entity
HAVING count(*) <> 2
    OR count(DISTINCT s.zone) > 1
    OR bool_or(CAST(s.last_at AT TIME ZONE s.zone AS DATE) < p.day)
UNION
SELECT flow FROM derived.moved.volume_closed
UNION
SELECT '*' FROM derived.moved.present_day;

-- mart_expected: each hour of each day, with what came in it
CREATE OR REPLACE TABLE derived.state.mart_expected AS
WITH series AS (
    SELECT
        s.*,
        CAST(s.first_at AT TIME ZONE s.zone AS DATE) AS first_day,
        least(p.day, CAST(s.last_at AT TIME ZONE s.zone AS DATE) + 1) AS today
    FROM derived.state.volume_series s
    JOIN derived.state.present_day p ON p.zone = s.zone
), passed AS (
    SELECT
        flow,
        system,
        instance,
        legal_entity,
        CAST(
            unnest(range(CAST(greatest(today - 84, first_day) AS TIMESTAMP), CAST(today AS TIMESTAMP), INTERVAL 1 DAY))
            AS DATE
        ) AS day
    FROM series
), day AS (
    SELECT d.*
    FROM passed d
    ANTI JOIN derived.state.volume_closed c
        ON c.flow = d.flow
        AND c.system = d.system
        AND c.instance = d.instance
        AND c.legal_entity = d.legal_entity
        AND c.day = d.day
)
SELECT
    d.flow,
    d.system,
    d.instance,
    d.legal_entity,
    isodow(d.day) AS weekday,
    h.hour,
    count(*) AS days,
    count(c.moment) AS with_any,
    CAST(median(coalesce(c.arrivals, 0)) AS DOUBLE) AS expected,
    CAST(mad(CAST(coalesce(c.arrivals, 0) AS DOUBLE)) AS DOUBLE) AS spread,
    quantile_cont(coalesce(c.arrivals, 0), 0.1) AS low,
    quantile_cont(coalesce(c.arrivals, 0), 0.9) AS high
FROM day d
CROSS JOIN range(24) AS h(hour)
LEFT JOIN derived.state.volume_hour c
    ON c.flow = d.flow
    AND c.system = d.system
    AND c.instance = d.instance
    AND c.legal_entity = d.legal_entity
    AND c.moment = CAST(d.day AS TIMESTAMP) + to_hours(h.hour)
GROUP BY ALL;
