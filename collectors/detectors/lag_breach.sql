-- late: flows whose oldest unfinished run of a company is older than the flow promises (the longest promise where it
-- has none). Dead and waiting runs are other detectors'.
SELECT
    flow,
    count(*) AS runs,
    min(coalesce(source_changed_at, created_at)) AS oldest,
    legal_entity,
    min(run_id) AS run_id,
    (epoch_us({now}) - epoch_us(min(coalesce(source_changed_at, created_at)))) / 1000000.0 AS age_s,
    coalesce(any_value(seconds), (SELECT max(seconds) FROM service_levels)) AS allowed_s
FROM open_runs
LEFT JOIN service_levels USING (flow)
WHERE state IN ('ready', 'running', 'in_doubt')
GROUP BY flow, legal_entity
HAVING age_s > allowed_s;

-- unaccounted: approved work of which no event ever came, four hours later: what was lost in silence
SELECT *
FROM mart_work
WHERE blocker = 'in-flight'
    AND run_id IS NULL
    AND posted_at IS NULL
    AND kind <> 'milestone'
    AND coalesce(approved_at, submitted_at) < {now} - INTERVAL 4 HOUR
    AND CASE kind WHEN 'time' THEN 'time_entry:' ELSE 'expense:' END || item_key NOT IN (
        SELECT business_key FROM records WHERE kind = 'source_event' AND business_key IS NOT NULL
    )
    -- What a flow that others run failed at is its case.
    AND item_key NOT IN (SELECT item_key FROM mart_foreign_failure WHERE item_key IS NOT NULL);
