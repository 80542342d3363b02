-- unpriced: work without a bill rate, or of a person without a cost rate
SELECT
    w.*,
    EXISTS (
        SELECT 1 FROM mart_state_resource r WHERE r.role = 'hcm' AND r.key = w.resource_key AND r.cost_rate IS NULL
    ) AND NOT coalesce(w.rateless, false) AS uncosted,
    (SELECT min(system) FROM mart_state_resource WHERE role = 'hcm') AS hcm
FROM mart_work w
WHERE blocker = 'rate-missing' OR (billable AND rateless AND state = 'not_approved' AND code_fault IS NULL);

-- uncosted: active people without a cost rate, in the system that owns it
SELECT key, system, name, legal_entity FROM mart_state_resource WHERE role = 'hcm' AND active AND cost_rate IS NULL;

-- unconverted: work whose price or cost is in a currency without an exchange rate, or that has no day to convert it at;
-- rates are given a day to arrive
-- Work that something else holds back has its money in that case; of postings that differ this case is the only one.
-- Of what is billed or written off nothing is held back: it is named, for it stands in no total.
SELECT
    w.*,
    (priced.currency IS NULL OR coalesce(w.blocker = 'not-convertible', false)) AND w.bill_amount <> 0 AS unpriced,
    w.state IN ('billed', 'written_off')
        OR (
            w.state = 'blocked'
            AND w.blocker NOT IN ('not-convertible', 'posting-differs', 'posting-gone')
        )
        -- As in `invalid_charge_code` and `rejected_time`, which have its money.
        OR (
            w.state = 'not_approved'
            AND (
                w.code_fault IS NOT NULL
                OR w.blocker = 'rejected'
                OR (
                    w.blocker = 'approval-pending'
                    AND coalesce(w.submitted_at, CAST(w.work_date AS TIMESTAMPTZ)) < {now} - INTERVAL 3 DAY
                )
                OR (w.blocker = 'not-submitted' AND CAST(w.work_date AS TIMESTAMPTZ) < {now} - INTERVAL 10 DAY)
            )
        )
        OR paused.item_key IS NOT NULL AS counted
FROM mart_work w
LEFT JOIN (
    SELECT DISTINCT regexp_replace(business_key, '^[^:]*:', '') AS item_key
    FROM open_runs
    WHERE flow = 'time-to-bill' AND state = 'waiting'
) paused ON paused.item_key = w.item_key
LEFT JOIN mart_fx priced ON priced.currency = w.currency
LEFT JOIN mart_fx costed ON costed.currency = w.cost_currency
WHERE (
        (priced.currency IS NULL AND w.bill_amount <> 0)
        OR (costed.currency IS NULL AND w.cost_amount <> 0)
        OR (w.work_date IS NULL AND w.blocker = 'not-convertible')
    )
    AND (
        (SELECT count(*) FROM mart_fx) > 1
        OR (SELECT min(first_seen) FROM mart_state_project WHERE role = 'erp') < {now} - INTERVAL 1 DAY
    );

-- unsummed: sales of which no exchange rate says what they are worth: they are in no sum of what was sold
SELECT s.*
FROM mart_state_project s
LEFT JOIN mart_fx f ON f.currency = s.currency
WHERE s.role = 'crm'
    AND s.value <> 0
    AND f.currency IS NULL
    AND (
        (SELECT count(*) FROM mart_fx) > 1
        OR (SELECT min(first_seen) FROM mart_state_project WHERE role = 'erp') < {now} - INTERVAL 1 DAY
    );

-- unusable: exchange rates as they stand in a system that say nothing one could convert by
SELECT system, system_id, base, quote, rate, effective_date, fault, observed_at
FROM mart_state_rate
WHERE latest AND present AND fault IS NOT NULL;
