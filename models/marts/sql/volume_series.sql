/*
Whose arrivals are held against their own past: of each flow and the system it comes from all of them together, and,
where they are about several companies, those about each.

grain: flow, system, instance, legal_entity
granule: flow
within: mart_arrival.flow

    flow          VARCHAR      -    which flow
    system        VARCHAR      -    where it came from
    instance      VARCHAR      -    which of several engines of one service
    legal_entity  VARCHAR      -    the company that all of it is about; empty: several, or nothing tells
    whole         BOOLEAN      -    all arrivals of the flow from there
    zone          VARCHAR      -    by whose hours people work: of the company, of the one with most of it, of the firm
    first_at      TIMESTAMPTZ  UTC  the hour in which the first one came
    last_at       TIMESTAMPTZ  UTC  when the last one came
*/

-- touched: the flows of which something came
SELECT flow FROM derived.moved.mart_arrival;

-- volume_series: zones are those of the catalogue; the firm's is that of most of its companies
CREATE OR REPLACE TABLE derived.state.volume_series AS
WITH firm AS (
    SELECT coalesce(
        (SELECT zone FROM derived.state.legal_entity GROUP BY zone ORDER BY count(*) DESC, zone LIMIT 1), 'UTC'
    ) AS zone
), part AS (
    SELECT
        flow,
        system,
        instance,
        legal_entity,
        sum(arrivals) AS arrivals,
        min(hour) AS first_at,
        max(last_at) AS last_at
    FROM derived.state.mart_arrival
    GROUP BY ALL
), zoned AS (
    SELECT p.*, coalesce(z.zone, firm.zone) AS zone
    FROM part p
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = p.legal_entity
    CROSS JOIN firm
), whole AS (
    SELECT
        flow,
        system,
        instance,
        CASE WHEN count(*) = 1 THEN min(legal_entity) ELSE '' END AS legal_entity,
        true AS whole,
        arg_max(zone, (arrivals, legal_entity)) AS zone,
        min(first_at) AS first_at,
        max(last_at) AS last_at,
        count(*) AS parts
    FROM zoned
    GROUP BY flow, system, instance
)
SELECT * EXCLUDE (parts) FROM whole
UNION ALL
SELECT p.flow, p.system, p.instance, p.legal_entity, false, p.zone, p.first_at, p.last_at
FROM zoned p
JOIN whole w ON w.flow = p.flow AND w.system = p.system AND w.instance = p.instance
WHERE w.parts > 1 AND p.legal_entity <> '';

-- volume_hour: what came in each hour, by the clock of the series' zone, of the weeks that are compared
CREATE OR REPLACE TABLE derived.state.volume_hour AS
SELECT
    s.flow,
    s.system,
    s.instance,
    s.legal_entity,
    date_trunc('hour', a.hour AT TIME ZONE s.zone) AS moment,
    CAST(sum(a.arrivals) AS BIGINT) AS arrivals
FROM derived.state.volume_series s
JOIN derived.state.mart_arrival a
    ON a.flow = s.flow
    AND a.system = s.system
    AND a.instance = s.instance
    AND (s.whole OR a.legal_entity = s.legal_entity)
WHERE a.hour > s.last_at - INTERVAL 93 DAY
GROUP BY ALL;

-- volume_closed: the days on which nothing is expected: for the whole those on which any of its companies rests
CREATE OR REPLACE TABLE derived.state.volume_closed AS
SELECT DISTINCT s.flow, s.system, s.instance, s.legal_entity, c.day
FROM derived.state.volume_series s
JOIN derived.state.closed_day c
    ON c.legal_entity = s.legal_entity
    OR s.legal_entity = '' AND (
        c.legal_entity IN (
            SELECT p.legal_entity
            FROM derived.state.volume_series p
            WHERE p.flow = s.flow AND p.system = s.system AND p.instance = s.instance AND p.legal_entity <> ''
        )
        OR NOT EXISTS (
            SELECT 1
            FROM derived.state.volume_series p
            WHERE p.flow = s.flow AND p.system = s.system AND p.instance = s.instance AND p.legal_entity <> ''
        )
    );
