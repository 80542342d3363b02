-- stale: streams and extracts that fail, or that nobody has read for long, by wall time
-- A failing one is told after five minutes, since most faults pass; one that nobody reads after two hours.
SELECT *
FROM (
    SELECT 'stream' AS kind, system, stream AS name, error, known_at, read_at, failed_at FROM streams
    UNION ALL
    SELECT 'extract', system, entity, error, known_at, read_at, failed_at FROM extracts
)
WHERE failed_at < {wall} - INTERVAL 5 MINUTE
   OR coalesce(read_at, known_at) < {wall} - INTERVAL 2 HOUR;
