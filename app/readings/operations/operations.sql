-- flows: each flow in the window, also those that others run: volume, failures, retries, replays, its lag
SELECT flow,
       sum(admitted)::BIGINT AS admitted,
       sum(settled)::BIGINT AS settled,
       sum(dead)::BIGINT AS dead,
       sum(retries)::BIGINT AS retries,
       sum(replays)::BIGINT AS replays,
       sum(paused)::BIGINT AS paused,
       arg_max(lag_p50_s, hour) FILTER (lag_p50_s IS NOT NULL) AS lag_p50_s,
       arg_max(lag_p95_s, hour) FILTER (lag_p95_s IS NOT NULL) AS lag_p95_s,
       max(lag_max_s) AS lag_max_s,
       arg_max(run_p50_ms, hour) FILTER (run_p50_ms IS NOT NULL) AS run_p50_ms,
       arg_max(run_p95_ms, hour) FILTER (run_p95_ms IS NOT NULL) AS run_p95_ms,
       max(hour) AS last_hour
FROM (SELECT * FROM mart_flow_hour UNION ALL BY NAME SELECT * FROM mart_foreign_hour)
WHERE hour >= $since
GROUP BY flow
ORDER BY flow

-- last: when any flow worked last
SELECT max(hour) AS hour
FROM (SELECT * FROM mart_flow_hour UNION ALL BY NAME SELECT * FROM mart_foreign_hour)
HAVING max(hour) IS NOT NULL

-- series: how the runs of each flow ended over time, in steps of $step seconds
SELECT flow,
       to_timestamp(floor(epoch(hour) / $step) * $step) AS slot,
       sum(settled)::BIGINT AS settled,
       sum(dead)::BIGINT AS dead
FROM (SELECT * FROM mart_flow_hour UNION ALL BY NAME SELECT * FROM mart_foreign_hour)
WHERE hour >= $since
GROUP BY ALL
ORDER BY slot, flow

-- held: open failures and the money they hold, by flow and age
SELECT flow, bucket, bucket_order, sum(failures)::BIGINT AS failures, sum(amount_reporting) AS amount_reporting
FROM mart_failure_age
GROUP BY ALL
ORDER BY flow, bucket_order

-- pairs: how far each target lagged behind its source in the last $hours hours, and what waits now
SELECT coalesce(w.flow, p.flow) AS flow,
       coalesce(w.source_system, p.source_system) AS source_system,
       coalesce(w.target_system, p.target_system) AS target_system,
       coalesce(w.entity, p.entity) AS entity,
       coalesce(w.acknowledged, 0) AS acknowledged,
       w.lag_p50_s,
       w.lag_p95_s,
       w.lag_max_s,
       p.oldest_pending_s
FROM (SELECT * FROM mart_pair_window WHERE hours = $hours) w
FULL JOIN (SELECT * FROM mart_pair_lag WHERE oldest_pending_s IS NOT NULL) p
    ON p.flow = w.flow AND p.source_system = w.source_system AND p.target_system = w.target_system
    AND p.entity IS NOT DISTINCT FROM w.entity
ORDER BY oldest_pending_s DESC NULLS LAST, lag_p95_s DESC NULLS LAST, flow, target_system, entity

-- dead_letters: all dead letters by flow, refusing system and code, the most first; their money is counted as `held` is
SELECT flow,
       system,
       error_code,
       count(*)::BIGINT AS runs,
       min(failed_at) AS oldest,
       any_value(error_message) AS message,
       sum(amount_reporting) AS amount_reporting
FROM mart_failure
GROUP BY ALL
ORDER BY runs DESC, flow, system, error_code

-- quarantine: refused input by receiver and reason, since when on the collector's clock
SELECT receiver, error_code, count(*)::BIGINT AS rows, max(recorded_at) AS last_at, any_value(reason) AS reason
FROM quarantine
WHERE recorded_at >= $since
GROUP BY ALL
ORDER BY rows DESC, receiver, error_code

-- replays: how the replays that were asked for since then ended, by flow
SELECT flow, sum(replays)::BIGINT AS replays, sum(delivered)::BIGINT AS delivered, sum(failed)::BIGINT AS failed
FROM mart_replay
WHERE hour >= $since
GROUP BY flow
ORDER BY replays DESC
