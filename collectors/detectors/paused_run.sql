-- waiting: runs that wait for data somebody must supply, or for something that has not come for half an hour
-- What hangs on work is what it is worth now, whichever of its runs waits, and it is counted once: of several by the
-- newest that waits, and not where the newest of all was refused. Of work that stands nowhere the newest run says it.
WITH run AS (
    SELECT
        *,
        count(*) FILTER (state = 'waiting') OVER each = 1 AND first_value(state) OVER each <> 'dead' AS counted,
        first_value(amount) OVER each AS newest_amount,
        CASE WHEN flow = 'time-to-bill' THEN regexp_replace(business_key, '^[^:]*:', '') END AS work_key
    FROM open_runs
    WINDOW each AS (
        PARTITION BY flow, business_key ORDER BY source_version DESC NULLS LAST, created_at DESC, run_id DESC
    )
)
SELECT
    r.run_id,
    r.trace_id,
    r.flow,
    r.business_key,
    r.legal_entity,
    r.waiting_for,
    r.waiting_because,
    CAST(r.waiting_missing AS VARCHAR) AS missing,
    r.waiting_owner,
    r.system AS said_by,
    r.created_at,
    r.updated_at,
    w.item_key,
    coalesce(w.project_key, p.project_key) AS project_key,
    coalesce(w.customer_key, p.customer_key) AS customer_key,
    w.billable,
    -- Set up once, whatever somebody did with it since.
    coalesce(p.in_erp, false) OR p.gone_at IS NOT NULL OR u.run_id IS NOT NULL AS was_there,
    -- Of billed work its invoice's own detector says what is billed too much or too little, or that none bills it.
    CASE
        WHEN r.counted
            AND w.state IS DISTINCT FROM 'billed'
            AND coalesce(w.blocker NOT IN ('invoice-void', 'invoice-unknown'), true)
            THEN coalesce(w.bill_amount, r.newest_amount)
    END AS amount,
    coalesce(w.currency, r.currency) AS currency,
    -- What hangs on a set-up is what was sold, at the rate of that day: what stands nowhere yet has its run's day.
    CASE
        WHEN w.item_key IS NOT NULL THEN w.bill_amount
        WHEN p.project_key IS NULL THEN c.amount
        WHEN p.currency = r.currency THEN p.contract_value
    END AS whole,
    CASE
        WHEN w.item_key IS NOT NULL THEN w.bill_reporting
        WHEN p.project_key IS NULL THEN c.amount_reporting
        ELSE p.contract_value_reporting
    END AS whole_reporting,
    t.code AS awaited_project,
    t.code IS NOT NULL AND NOT coalesce(q.in_crm, false) AS unsold
FROM run r
LEFT JOIN mart_work w ON w.item_key = r.work_key
LEFT JOIN mart_project p ON r.business_key = 'project:' || p.project_key
LEFT JOIN mart_carried c ON c.run_id = r.run_id
LEFT JOIN set_ups u ON u.business_key = r.business_key AND u.state = 'settled'
LEFT JOIN (
    SELECT run_id, nullif(regexp_extract(waiting_for, '^project[:/]([^:/]+)$', 1), '') AS code
    FROM open_runs
    WHERE flow = 'time-to-bill'
) t ON t.run_id = r.run_id
LEFT JOIN mart_project q ON q.project_key = t.code
WHERE r.state = 'waiting'
    AND coalesce(w.blocker, '') NOT IN ('project-missing', 'project-unsold')
    AND NOT coalesce(w.blocker LIKE 'charge-code-%' OR w.state = 'written_off', false)
    AND (
        r.waiting_for LIKE 'value\_map/%' ESCAPE '\'
        OR r.flow = 'quote-to-project' AND coalesce(CAST(r.waiting_missing AS VARCHAR), '[]') NOT IN ('[]', 'null')
        OR r.created_at < {now} - INTERVAL 30 MINUTE
    );
