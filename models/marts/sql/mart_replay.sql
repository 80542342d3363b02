/*
Replays by hour and flow: those that delivered and those that failed. What is on its way or waits, or gave way to a
later attempt, is neither.

grain: hour, flow

    hour       TIMESTAMPTZ  UTC   in which they were asked for: its first moment, of world time
    flow       VARCHAR      -     whose runs were replayed
    replays    BIGINT       runs  all of them
    delivered  BIGINT       runs  those that settled
    failed     BIGINT       runs  those that died again
*/

-- mart_replay: counted by how they ended
CREATE OR REPLACE TABLE derived.state.mart_replay AS
SELECT
    hour,
    flow,
    CAST(sum(n) AS BIGINT) AS replays,
    CAST(coalesce(sum(n) FILTER (state = 'settled'), 0) AS BIGINT) AS delivered,
    CAST(coalesce(sum(n) FILTER (state = 'dead'), 0) AS BIGINT) AS failed
FROM derived.state.replay_run
GROUP BY hour, flow;
