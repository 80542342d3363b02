-- volumes: each flow from each system, those that are silent first
SELECT flow, system, instance, legal_entity, whole, zone, state, first_at, last_at, until_at, came, expected, low, high,
       weeks, missed, missed_low, missed_high, missed_from, missed_until, confidence
FROM mart_volume
ORDER BY array_position(['silent', 'few', 'usual', 'learning'], state), flow, system, instance, whole DESC, legal_entity

-- hours: each hour of the last week of one of them; what is usual is told from four such days on
SELECT h.hour,
       coalesce(sum(a.arrivals), 0)::BIGINT AS came,
       any_value(e.expected) AS expected,
       any_value(e.low) AS low,
       any_value(e.high) AS high
FROM (
    SELECT *, unnest(range(until_at - INTERVAL 7 DAY, until_at + INTERVAL 1 HOUR, INTERVAL 1 HOUR)) AS hour
    FROM mart_volume
    WHERE flow = $flow AND system = $system AND instance = $instance AND legal_entity = $legal_entity
) h
LEFT JOIN mart_arrival a
    ON a.flow = h.flow AND a.system = h.system AND a.instance = h.instance AND a.hour = h.hour
    AND (h.whole OR a.legal_entity = h.legal_entity)
LEFT JOIN mart_expected e
    ON e.flow = h.flow AND e.system = h.system AND e.instance = h.instance AND e.legal_entity = h.legal_entity
    AND e.weekday = isodow(h.hour AT TIME ZONE h.zone)
    AND e.hour = date_part('hour', h.hour AT TIME ZONE h.zone)
    AND e.days >= 4
    AND NOT list_contains(h.closed_days, (h.hour AT TIME ZONE h.zone)::DATE)
GROUP BY h.hour
ORDER BY h.hour
