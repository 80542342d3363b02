-- billed: items of which standing invoices bill something else than their work is today: more, less, twice, elsewhere,
-- to another customer, or without any work
WITH line AS (
    SELECT
        item_key,
        min(system) AS system,
        min(project_key) AS billed_project,
        min(legal_entity) AS billed_entity,
        min(customer_key) AS billed_customer,
        count(*) FILTER (credits IS NULL) AS lines,
        string_agg(DISTINCT coalesce(credits, invoice_key), ', ' ORDER BY coalesce(credits, invoice_key)) AS invoices
    FROM mart_invoice_line
    WHERE stands AND item_key IS NOT NULL
    GROUP BY item_key
), parent AS (  -- a group may pay what was sold to one of its companies
    SELECT DISTINCT key, parent_key
    FROM mart_state_customer
    WHERE parent_key IS NOT NULL
), compared AS (
    SELECT
        w.*,
        l.*  EXCLUDE (item_key),
        w.customer_key <> l.billed_customer AND g.key IS NULL AS other_customer,
        w.bill_amount - CASE WHEN w.work_currency = w.currency THEN coalesce(w.work_amount, 0) ELSE 0 END AS difference
    FROM mart_work w
    JOIN line l ON l.item_key = w.item_key
    LEFT JOIN parent g ON g.key = w.customer_key AND g.parent_key = l.billed_customer
    WHERE w.state = 'billed' AND NOT coalesce(w.untold, false)
), told AS (
    SELECT *, CASE
        -- Nothing in any system says that it was ever done.
        WHEN gone AND posted_at IS NULL THEN 'line-without-work'
        WHEN lines > 1 AND difference > 0.01 AND NOT gone THEN 'billed-twice'
        -- It was done for another project, or is another company's to bill: the whole line is on the wrong invoice.
        WHEN NOT gone AND (billed_project <> project_key OR billed_entity <> legal_entity) THEN 'billed-elsewhere'
        -- It was done for this project, and somebody else than the project's customer is asked to pay for it.
        WHEN NOT gone AND other_customer THEN 'billed-to-another'
        -- A cent is what two systems may differ by without anybody being wrong.
        WHEN difference > 0.01 THEN 'over-billed'
        WHEN difference < -0.01 THEN 'under-billed'
    END AS cause
    FROM compared
)
SELECT t.*, p.name AS project_name
FROM told t
LEFT JOIN mart_project p ON p.project_key = t.billed_project
WHERE t.cause IS NOT NULL;

-- itemless: lines that should bill work and name none; a discount, a tax, a retainer or a fixed fee has none to name
SELECT l.*, p.name AS project_name
FROM mart_invoice_line l
LEFT JOIN mart_project p USING (project_key)
WHERE l.stands AND l.item_key IS NULL AND l.kind IN ('time', 'expense', 'milestone') AND l.amount <> 0;

-- released: work that the ERP calls invoiced and no invoice bills: it was voided or credited, or there is none
WITH taken AS (
    SELECT item_key, max(coalesce(credits, invoice_key)) AS number
    FROM mart_invoice_line
    WHERE NOT stands AND status <> 'draft' AND item_key IS NOT NULL
    GROUP BY item_key
)
SELECT
    *,
    min(project_key) OVER same = max(project_key) OVER same AS of_one_project
FROM (
    SELECT w.*, p.name AS project_name, CASE WHEN w.blocker = 'invoice-void' THEN t.number END AS number
    FROM mart_work w
    LEFT JOIN taken t ON t.item_key = w.item_key
    LEFT JOIN mart_project p ON p.project_key = w.project_key
    WHERE w.blocker IN ('invoice-void', 'invoice-unknown')
)
WINDOW same AS (PARTITION BY blocker, coalesce(number, blocker_key), legal_entity);
