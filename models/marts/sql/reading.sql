/*
Up to which moment what the tie-out compares had been read of each system, and of the systems of each role.

grain: part, name

    part     VARCHAR      -    system or role
    name     VARCHAR      -    which
    system   VARCHAR      -    itself, or the first of the role's
    read_at  TIMESTAMPTZ  UTC  all of it had been read at this moment; none: of something never
    swept    BOOLEAN      -    what it has no more shows with the next extract
*/

-- reading: of one system in several roles the role that was read furthest, of several in one role the last
CREATE OR REPLACE TABLE derived.state.reading AS
WITH shown AS (
    SELECT
        system,
        role,
        -- One of them that nobody ever read leaves nothing known of its system.
        CASE WHEN bool_and(read_until IS NOT NULL) THEN min(read_until) END AS until_at,
        bool_or(swept) AS swept
    FROM derived.state.mart_source
    WHERE compared
    GROUP BY system, role
)
SELECT 'system' AS part, system AS name, system, max(until_at) AS read_at, bool_or(swept) AS swept
FROM shown
GROUP BY system
UNION ALL
SELECT 'role', role, min(system), min(until_at), bool_or(swept)
FROM shown
GROUP BY role;
