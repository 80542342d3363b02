-- posting: postings that do not tie out with the work they come from, and that no flow will mend by itself; where an
-- invoice bills something else than the work, that is the case
-- What stands beside the work without a source is one finding, however many postings it is, with the money of all.
SELECT
    t.* REPLACE (
        CASE WHEN t.source_key IS NULL THEN sum(abs(t.target_amount)) OVER alone ELSE t.target_amount END
            AS target_amount,
        CASE
            WHEN t.source_key IS NOT NULL THEN t.target_reporting
            WHEN count(t.target_reporting) OVER alone = count(*) OVER alone
                THEN sum(abs(t.target_reporting)) OVER alone
        END AS target_reporting,
        CASE WHEN t.source_key IS NULL THEN sum(abs(t.target_hours)) OVER alone ELSE t.target_hours END AS target_hours,
        string_agg(t.target_key, ', ') OVER alone AS target_key,
        min(t.since) OVER alone AS since
    ),
    p.customer_key,
    p.name AS project_name,
    let_go.item_key IS NOT NULL AS given_up
FROM mart_tieout t
LEFT JOIN mart_project p USING (project_key)
LEFT JOIN (SELECT item_key FROM mart_work WHERE state = 'written_off') let_go ON let_go.item_key = t.item_key
ANTI JOIN (
    SELECT item_key
    FROM mart_work
    WHERE state = 'billed' AND invoice_key IS NOT NULL AND abs(bill_amount - coalesce(work_amount, 0)) > 0.01
) b ON b.item_key = t.item_key
WHERE t.entity IN ('time_entry', 'expense')
    AND t.reason <> 'missing'
    AND NOT t.in_time
    AND NOT t.other_case
    AND t.place <> 'written_off'
WINDOW alone AS (
    PARTITION BY
        t.item_key,
        t.reason,
        t.source_key,
        t.project_key,
        coalesce(t.legal_entity, t.target_legal_entity),
        coalesce(t.currency, t.target_currency)
)
QUALIFY row_number() OVER (alone ORDER BY t.target_key) = 1;

-- shown: orders, their milestones and budgets that are not what was sold, and actuals that are not what the books hold,
-- for ten minutes at least: who knows of a project that is gone, or refused them, speaks first
SELECT t.*, p.customer_key, p.name AS project_name
FROM mart_tieout t
LEFT JOIN mart_project p USING (project_key)
WHERE t.entity IN ('contract', 'budget', 'milestone', 'actual_cost', 'actual_revenue', 'actual_billed')
    AND t.reason <> 'missing'
    AND NOT t.in_time
    AND NOT t.other_case
    AND t.place <> 'written_off'
    AND t.since < {now} - INTERVAL 10 MINUTE;

-- invoice: invoices of which the PSA shows something else than the ERP says, and that no flow will mend by itself
SELECT t.*, p.customer_key, p.name AS project_name
FROM mart_tieout t
LEFT JOIN mart_project p USING (project_key)
ANTI JOIN (SELECT flow, business_key FROM open_runs WHERE state = 'dead') r
    ON r.flow = t.flow AND r.business_key = 'invoice:' || t.item_key
WHERE t.entity = 'invoice_status'
    AND t.reason <> 'missing'
    AND NOT t.in_time
    AND NOT t.other_case
    AND t.place <> 'written_off';

-- unexplained: what never arrived and nothing accounts for, its flow's service level and ten minutes later
-- What a gate or a dead run names is that one's case from the first look on, before this one can see it among the open
-- cases.
SELECT t.*, p.customer_key, p.name AS project_name
FROM mart_tieout t
LEFT JOIN mart_project p USING (project_key)
LEFT JOIN service_levels l USING (flow)
ANTI JOIN (SELECT item_key FROM mart_work WHERE blocker IS NOT NULL AND blocker <> 'in-flight') w USING (item_key)
ANTI JOIN (SELECT flow, business_key FROM open_runs WHERE state = 'dead') r
    ON r.flow = t.flow
    AND r.business_key IN ('project:' || t.project_key, 'actual:' || t.item_key, 'invoice:' || t.item_key)
WHERE t.place = 'unexplained'
    AND t.reason = 'missing'
    AND NOT t.in_time
    AND t.since < {now} - coalesce(l.seconds, 86400) * INTERVAL 1 SECOND - INTERVAL 10 MINUTE;
