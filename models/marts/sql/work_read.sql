/*
Up to which moment time and expenses have been read of each system.

grain: system

    system   VARCHAR      -    as the installation calls it
    read_at  TIMESTAMPTZ  UTC  both had been read at this moment; none: one of them never
*/

-- work_read: the earlier of the two
CREATE OR REPLACE TABLE derived.state.work_read AS
SELECT system, CASE WHEN bool_and(read_until IS NOT NULL) THEN min(read_until) END AS read_at
FROM derived.state.mart_source
WHERE entity IN ('time_entry', 'expense')
GROUP BY system;
