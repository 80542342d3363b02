-- failed: what flows that others run failed at and nobody mended, with what systems hold of the thing that it was about
-- Money that another detector tells of the same work is told there.
SELECT
    f.*,
    o.owner,
    o.runbook,
    o.sampled,
    o.page,
    o.replay_s,
    s.state AS sent_state,
    s.error_message AS sent_error,
    s.moved_at AS sent_at,
    (epoch_us({now}) - epoch_us(s.moved_at)) / 1000000.0 > o.replay_s AS sent_late,
    coalesce(w.legal_entity, p.legal_entity, f.legal_entity) AS company,
    coalesce(w.project_key, p.project_key) AS project_key,
    coalesce(w.customer_key, p.customer_key) AS customer_key,
    w.item_key IS NOT NULL AS known,
    w.kind,
    w.billable,
    w.period,
    -- Of several flows that failed at one piece of work the newest says what hangs on it.
    w.blocker = 'in-flight'
        AND row_number() OVER (PARTITION BY f.item_key ORDER BY f.failed_at DESC, f.run_key DESC) = 1 AS counted,
    CASE WHEN counted THEN w.bill_amount END AS bill_amount,
    CASE WHEN counted THEN w.bill_reporting END AS bill_reporting,
    w.currency AS bill_currency
FROM mart_foreign_failure f
LEFT JOIN mart_foreign_flow o ON o.flow = f.flow AND o.system = f.system AND o.instance = f.instance
LEFT JOIN mart_foreign_sent s ON s.run_key = f.run_key
LEFT JOIN mart_work w ON w.item_key = f.item_key
LEFT JOIN mart_project p ON p.project_key = f.item_key;

-- late: flows of which a run has begun and not ended within what they promise; sampled ones may have ended unheard
SELECT *, (epoch_us({wall}) - epoch_us(running_since)) / 1000000.0 AS age_s
FROM mart_foreign_flow
WHERE running > 0 AND NOT sampled AND age_s > allowed_s;
