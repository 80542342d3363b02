-- of_cause: runs behind the open findings of every open case of one cause
SELECT DISTINCT f.run_id
FROM findings f JOIN cases c USING (case_id)
WHERE c.cause = $cause
  AND c.status IN ('open', 'acknowledged')
  AND f.resolved_at IS NULL
  AND f.run_id IS NOT NULL
ORDER BY f.run_id
LIMIT 20000

-- stake: what hangs on these cases, each subject once as its case counts it, and whether one of these runs carries it
WITH replayed AS (SELECT DISTINCT unnest($runs::VARCHAR[]) AS run_id),
once AS (
    SELECT f.case_id, f.subject_entity AS entity, f.subject_key, max(f.currency) AS currency, max(f.amount) AS amount,
           bool_or(r.run_id IS NOT NULL) AS chosen, bool_or(f.run_id IS NOT NULL) AS has_run
    FROM findings f LEFT JOIN replayed r USING (run_id)
    WHERE list_contains($cases::VARCHAR[], f.case_id) AND f.resolved_at IS NULL
    GROUP BY f.case_id, f.subject_entity, f.subject_key
)
SELECT case_id, entity, currency, chosen, has_run, count(*)::BIGINT AS records,
       coalesce(sum(amount), 0)::DECIMAL(18,2) AS amount,
       min(subject_key) FILTER (amount <> 0) AS first_subject,
       max(subject_key) FILTER (amount <> 0) AS last_subject
FROM once
GROUP BY ALL
ORDER BY ALL
