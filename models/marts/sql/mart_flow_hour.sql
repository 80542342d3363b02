-- mart_flow_hour: what each flow did in each hour of world time; lag is acknowledgement - change at the source, run time is settled - source event
CREATE OR REPLACE TABLE memory.state.mart_flow_hour AS
WITH r AS (
    SELECT date_trunc('hour', occurred_at) AS hour, flow, kind, status, attempt, run_id, lineage_id, occurred_at, source_changed_at, duration_us
    FROM records WHERE flow IS NOT NULL AND kind IN ('source_event', 'acknowledgement', 'failure', 'pause', 'settlement')
), begun AS (
    SELECT run_id, min(occurred_at) AS at FROM r WHERE kind = 'source_event' AND run_id IS NOT NULL GROUP BY run_id
), timed AS (
    SELECT r.*, CASE WHEN kind = 'acknowledgement' AND source_changed_at IS NOT NULL THEN greatest(epoch_us(occurred_at) - epoch_us(source_changed_at), 0) / 1000000.0 END AS lag,
        CASE WHEN kind = 'settlement' AND status = 'settled' THEN coalesce(duration_us / 1000.0, greatest(epoch_us(occurred_at) - epoch_us(b.at), 0) / 1000.0) END AS run_ms
    FROM r LEFT JOIN begun b ON r.kind = 'settlement' AND b.run_id = r.run_id
)
SELECT hour, flow, count(*) FILTER (kind = 'source_event') AS admitted, count(*) FILTER (kind = 'settlement' AND status = 'settled') AS settled,
    count(*) FILTER (kind = 'settlement' AND status = 'dead') AS dead, count(*) FILTER (kind IN ('acknowledgement', 'failure') AND attempt > 1) AS retries,
    count(*) FILTER (kind = 'settlement' AND status IN ('settled', 'dead') AND run_id <> lineage_id) AS replays, count(*) FILTER (kind = 'pause') AS paused,
    round(quantile_cont(lag, 0.5), 3) AS lag_p50_s, round(quantile_cont(lag, 0.95), 3) AS lag_p95_s, round(max(lag), 3) AS lag_max_s,
    round(quantile_cont(run_ms, 0.5), 1) AS run_p50_ms, round(quantile_cont(run_ms, 0.95), 1) AS run_p95_ms
FROM timed GROUP BY hour, flow;
