-- mart_replay: replays and how they ended, by flow
CREATE OR REPLACE TABLE memory.state.mart_replay AS
SELECT flow, CAST(sum(n) AS BIGINT) AS replays, CAST(coalesce(sum(n) FILTER (state = 'settled'), 0) AS BIGINT) AS delivered,
    CAST(coalesce(sum(n) FILTER (state IN ('dead', 'superseded')), 0) AS BIGINT) AS failed
FROM memory.state.replay_run GROUP BY flow;
