/*
How late each target heard of a change at each source, within each stretch of time that people look at.

grain: hours, flow, source_system, target_system, entity

    hours          INTEGER  h        how far back: 6, 24, 168 (a week) or 2016 (twelve weeks)
    flow           VARCHAR  -        which flow
    source_system  VARCHAR  -        where the change was made
    target_system  VARCHAR  -        which system acknowledged it
    entity         VARCHAR  -        the kind of object that was written
    acknowledged   BIGINT   answers  acknowledgements since then
    lag_p50_s      DOUBLE   s        acknowledgement - change at the source: half came sooner
    lag_p95_s      DOUBLE   s        95 % came sooner
    lag_max_s      DOUBLE   s        the latest
*/

-- mart_pair_window: an answer counts in each window that reaches back to it
CREATE OR REPLACE TABLE derived.state.mart_pair_window AS
WITH placed AS (
    SELECT
        *,
        list_filter([6, 24, 168, 2016], h -> answered_at > {now} - to_hours(h)) AS windows
    FROM derived.state.answer
), each AS (
    SELECT flow, source, target, entity, lag, unnest(windows) AS hours FROM placed
)
SELECT
    CAST(hours AS INTEGER) AS hours,
    flow,
    source AS source_system,
    target AS target_system,
    entity,
    count(*) AS acknowledged,
    round(quantile_cont(lag, 0.5), 3) AS lag_p50_s,
    round(quantile_cont(lag, 0.95), 3) AS lag_p95_s,
    round(max(lag), 3) AS lag_max_s
FROM each
GROUP BY ALL;
