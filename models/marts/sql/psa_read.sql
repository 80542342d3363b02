/*
Up to when each PSA's lists of work were read, and how far all of them.

grain: system, entity

    system      VARCHAR      -    as the installation calls it; none: all of them
    entity      VARCHAR      -    time_entry or expense
    read_until  TIMESTAMPTZ  UTC  all of it had been read at this moment; none: never
*/

-- psa_read: each list, and for work of which nobody knows the source the one that was read least far
CREATE OR REPLACE TABLE derived.state.psa_read AS
WITH list AS (
    SELECT system, entity, read_until
    FROM derived.state.mart_source
    WHERE role = 'psa' AND entity IN ('time_entry', 'expense')
)
FROM list
UNION ALL
SELECT NULL, entity, CASE WHEN bool_and(read_until IS NOT NULL) THEN min(read_until) END FROM list GROUP BY entity;
