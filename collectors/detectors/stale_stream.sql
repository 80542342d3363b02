-- stale: streams and extracts that fail, or that nobody has read for long, by wall time
-- A failing one is told after five minutes, since most faults pass; one that nobody reads as its system's policy says.
SELECT s.*
FROM (
    SELECT 'stream' AS kind, system, stream AS name, error, known_at, read_at, failed_at FROM streams
    UNION ALL
    SELECT 'extract', system, entity, error, known_at, read_at, failed_at FROM extracts
) s
LEFT JOIN service_levels l ON l.flow = concat('read ', s.system)
WHERE s.failed_at < {wall} - INTERVAL 5 MINUTE
   OR coalesce(s.read_at, s.known_at) < {wall} - to_seconds(coalesce(l.seconds, 7200));
