-- flows: each flow that others run: whose it is, what it promises and how it stands
SELECT flow, system, instance, rule, owner, allowed_s, runbook, sampled,
       runs, running, running_since, done_at, failed_at, failures, heard_at
FROM mart_foreign_flow
ORDER BY flow, system, instance

-- runs: their runs, those that were heard of last first
SELECT flow, system, instance, run_id, trace_id, state, step, business_key, amount, currency, legal_entity, error_code,
       error_message, started_at, ended_at, run_ms
FROM mart_foreign_run
ORDER BY heard_at DESC, run_key
LIMIT 200

-- spans: what came since then, the newest first
SELECT * FROM spans WHERE recorded_at >= $since ORDER BY recorded_at DESC, batch_id DESC, n DESC LIMIT 100000

-- logs: the same of logs
SELECT * FROM logs WHERE recorded_at >= $since ORDER BY recorded_at DESC, batch_id DESC, n DESC LIMIT 100000
