-- roles: which role each system plays
SELECT system, role FROM mart_state_system ORDER BY system

-- read: up to when each system was read, of what the tie-out compares the oldest; none: some of it never
SELECT system, CASE WHEN bool_and(read_until IS NOT NULL) THEN min(read_until) END AS read_until
FROM mart_source
WHERE compared
GROUP BY system
ORDER BY read_until NULLS FIRST, system
