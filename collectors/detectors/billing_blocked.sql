-- held: posted work and done milestones of contracts on billing hold
SELECT w.*, p.name AS project_name
FROM mart_work w LEFT JOIN mart_project p USING (project_key)
WHERE w.blocker = 'billing-hold';

-- expired: posted work of days after the statement of work ended
SELECT w.*, p.name AS project_name, p.sow_number, p.sow_expires_on
FROM mart_work w JOIN mart_project p USING (project_key)
WHERE w.blocker = 'sow-expired';

-- gated: work that another gate stops: what was sold, agreed or accepted does not allow an invoice
SELECT
    w.*,
    p.name AS project_name,
    c.cap,
    c.value,
    c.erp_value,
    c.billed_amount,
    c.purchase_order
FROM mart_work w
LEFT JOIN mart_project p USING (project_key)
LEFT JOIN mart_contract c USING (project_key)
WHERE w.blocker IN (
    'sale-not-won',
    'project-closed',
    'milestone-not-accepted',
    'contract-version',
    'over-cap',
    'over-contract',
    'po-missing',
    'tax-profile-missing'
);

-- beyond: projects of which more is billed than was agreed, or days after their statement of work: the most of it
WITH late AS (
    SELECT w.project_key, w.currency, sum(w.bill_amount) AS amount
    FROM mart_work w
    JOIN mart_project p USING (project_key)
    WHERE w.state = 'billed' AND w.work_date > p.sow_expires_on
    GROUP BY ALL
)
SELECT
    c.*,
    p.name AS project_name,
    p.customer_key,
    p.sow_number,
    l.amount AS after_sow,
    greatest(CASE WHEN least(c.cap, c.value) > 0 THEN c.billed_amount - least(c.cap, c.value) END, l.amount) AS beyond,
    (SELECT min(system) FROM mart_state_system WHERE role = 'crm') AS crm
FROM mart_contract c
JOIN mart_project p USING (project_key)
LEFT JOIN late l ON l.project_key = c.project_key AND l.currency = c.currency
WHERE (c.billed_amount > least(c.cap, c.value) AND least(c.cap, c.value) > 0) OR l.amount > 0;
