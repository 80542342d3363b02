/*
Up to which whole hour each system was heard: a source that is polled up to where all of its streams were read, so that
one which cannot be read is not called silent as well; what is sent to us up to now. Two minutes are left for what is on
its way into the lake.

grain: system

    system  VARCHAR      -    as the installation calls it; empty: any that runs its flows itself; *: any other of ours
    until   TIMESTAMPTZ  UTC  the hour that has only begun; none where a stream was never read
*/

-- listened: by the streams of each system; the engine admits what others send as long as it reads anything
CREATE OR REPLACE TABLE derived.state.listened AS
WITH heard AS (
    SELECT system, CASE WHEN count(*) = count(polled_at) THEN min(polled_at) END AS moment FROM streams GROUP BY system
    UNION ALL
    SELECT '*', coalesce(max(polled_at), {now}) FROM streams
    UNION ALL
    SELECT '', {now}
)
SELECT system, date_trunc('hour', least(moment, {now}) - INTERVAL 2 MINUTE) AS until FROM heard WHERE moment IS NOT NULL
UNION ALL
SELECT system, NULL FROM heard WHERE moment IS NULL;
