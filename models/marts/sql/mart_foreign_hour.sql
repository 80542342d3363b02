/*
What each flow that runs elsewhere did in each hour, in the columns of `mart_flow_hour`. Its lag is how long a run took:
when its change was made at the source nobody tells.

grain: hour, flow
granule: flow
within: mart_foreign_run.flow

    hour        TIMESTAMPTZ  UTC       the hour's first moment; a run stands where it began, its end where it ended
    flow        VARCHAR      -         <rule>/<flow>
    admitted    BIGINT       runs      that began
    settled     BIGINT       runs      that were done
    dead        BIGINT       runs      that failed
    retries     BIGINT       attempts  tries beyond the first of runs that ended
    replays     BIGINT       runs      that ended and repeated another
    paused      BIGINT       pauses    0: engines elsewhere tell none
    lag_p50_s   DOUBLE       s         half of the runs that were done took less
    lag_p95_s   DOUBLE       s         95 % of them took less
    lag_max_s   DOUBLE       s         the longest of them
    run_p50_ms  DOUBLE       ms        half of the runs that were done took less
    run_p95_ms  DOUBLE       ms        95 % of them took less
*/

-- touched: the flows of which a run is another
SELECT flow FROM derived.moved.mart_foreign_run;

-- mart_foreign_hour: beginnings and ends, each in its hour
CREATE OR REPLACE TABLE derived.state.mart_foreign_hour AS
WITH told AS (
    SELECT date_trunc('hour', started_at) AS hour, flow, 'began' AS state, NULL AS attempt, NULL AS retry_of, NULL AS ms
    FROM derived.state.mart_foreign_run
    UNION ALL
    SELECT date_trunc('hour', ended_at), flow, state, attempt, retry_of, run_ms
    FROM derived.state.mart_foreign_run
    WHERE state <> 'running'
)
SELECT
    hour,
    flow,
    count(*) FILTER (state = 'began') AS admitted,
    count(*) FILTER (state = 'done') AS settled,
    count(*) FILTER (state = 'failed') AS dead,
    CAST(coalesce(sum(greatest(attempt - 1, 0)), 0) AS BIGINT) AS retries,
    count(retry_of) AS replays,
    CAST(0 AS BIGINT) AS paused,
    round(quantile_cont(ms, 0.5) FILTER (state = 'done') / 1000, 3) AS lag_p50_s,
    round(quantile_cont(ms, 0.95) FILTER (state = 'done') / 1000, 3) AS lag_p95_s,
    round(max(ms) FILTER (state = 'done') / 1000, 3) AS lag_max_s,
    round(quantile_cont(ms, 0.5) FILTER (state = 'done'), 1) AS run_p50_ms,
    round(quantile_cont(ms, 0.95) FILTER (state = 'done'), 1) AS run_p95_ms
FROM told
WHERE hour IS NOT NULL
GROUP BY hour, flow;
