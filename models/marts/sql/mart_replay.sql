-- mart_replay: replays by flow, those that delivered and those that failed; what is on its way or waits, or gave way to a later attempt, is neither
CREATE OR REPLACE TABLE memory.state.mart_replay AS
SELECT flow, CAST(sum(n) AS BIGINT) AS replays, CAST(coalesce(sum(n) FILTER (state = 'settled'), 0) AS BIGINT) AS delivered,
    CAST(coalesce(sum(n) FILTER (state = 'dead'), 0) AS BIGINT) AS failed
FROM memory.state.replay_run GROUP BY flow;
