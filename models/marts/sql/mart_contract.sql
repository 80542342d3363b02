/*
What was agreed for each project, where the ERP says otherwise, and how much of it is billed.

grain: project_key

    project_key         VARCHAR        -                   the project's code
    system              VARCHAR        -                   the ERP that has the contract; none where no ERP has one
    legal_entity        VARCHAR        -                   which company of the firm bills it
    currency            VARCHAR        ISO 4217            what it is agreed in
    value               DECIMAL(18,2)  currency            what was sold; where the CRM says nothing, the ERP's
    erp_value           DECIMAL(18,2)  currency            what the ERP's contract says
    cap                 DECIMAL(18,2)  currency            no more may be billed: the lowest that any system has
    purchase_order      VARCHAR        -                   the order that the customer wants named
    erp_purchase_order  VARCHAR        -                   the one that the ERP's contract has
    hold                BOOLEAN        -                   nothing may be billed for now
    closed              BOOLEAN        -                   the ERP has closed or cancelled the project
    won                 BOOLEAN        -                   the CRM does not say that the sale was lost or opened again
    taxed               BOOLEAN        -                   the sale has its tax profile, or nobody asks for one
    in_force            BOOLEAN        -                   the ERP bills by what was sold, or has only just been told
    billed_amount       DECIMAL(18,2)  currency            on invoices that stand, credit taken off, without tax
    billed_reporting    DECIMAL(18,2)  reporting currency  the same, each invoice at the rate of its day
*/

-- billed_project: what standing documents bill of each project, by currency and day; by its total if it has no lines
CREATE OR REPLACE TABLE derived.state.billed_project AS
WITH line AS (
    SELECT project_key, legal_entity, currency, issued_on, sum(amount) AS amount
    FROM derived.state.mart_invoice_line
    WHERE stands AND kind <> 'tax' AND project_key IS NOT NULL
    GROUP BY ALL
), lineless AS (
    SELECT d.project_code AS project_key, d.legal_entity, d.currency, d.issued_on, sum(d.total) AS amount
    FROM derived.state.document d
    ANTI JOIN derived.state.invoice_line l
        ON l.system = d.system AND l.document = d.document AND l.system_id = d.system_id
    WHERE d.stands AND d.project_code IS NOT NULL
    GROUP BY ALL
)
SELECT project_key, legal_entity, currency, issued_on, sum(amount) AS amount
FROM (SELECT * FROM line UNION ALL SELECT * FROM lineless)
GROUP BY ALL;

-- mart_contract: the sale and the ERP's contracts of each project side by side
CREATE OR REPLACE TABLE derived.state.mart_contract AS
WITH contract AS (  -- of two records with one number the first speaks
    SELECT *
    FROM derived.state.contract
    WHERE project_code IS NOT NULL
    QUALIFY row_number() OVER (PARTITION BY system, key ORDER BY system_id) = 1
), agreed AS (
    SELECT
        project_code,
        min(system) AS system,
        min(legal_entity) AS legal_entity,
        min(currency) AS currency,
        sum(value) AS value,
        -- Of several orders of one project each may be capped: only where all are has the project a cap.
        CASE WHEN count(*) = count(cap) THEN sum(cap) END AS cap,
        min(purchase_order) AS purchase_order,
        max(observed_at) AS observed_at
    FROM contract
    WHERE role = 'erp'
    GROUP BY project_code
), held AS (
    SELECT project_code, bool_or(hold) AS hold FROM contract GROUP BY project_code
), sold AS (
    SELECT
        key AS project_code,
        currency,
        value,
        cap,
        purchase_order,
        coalesce(json_contains(missing, '"tax_profile"'), false) AS untaxed,
        observed_at
    FROM derived.state.project
    WHERE role = 'crm'
    QUALIFY row_number() OVER (PARTITION BY key ORDER BY first_seen, closed_at NULLS LAST, system, system_id) = 1
), lost AS (
    SELECT DISTINCT p.key AS project_code
    FROM derived.state.sale_place p
    SEMI JOIN (SELECT system FROM derived.state.seen_at WHERE role = 'crm' AND entity = 'project') c USING (system)
    ANTI JOIN sold s ON s.project_code = p.key
    WHERE p.entity = 'project'
), erp AS (
    SELECT key AS project_code, bool_and(status IN ('closed', 'cancelled')) AS closed, min(system) AS system
    FROM derived.state.project
    WHERE role = 'erp'
    GROUP BY key
), moving AS (
    SELECT DISTINCT substr(business_key, 9) AS project_code
    FROM derived.state.open_run
    WHERE flow = 'quote-to-project' AND business_key LIKE 'project:%' AND state <> 'dead'
), paid AS (
    SELECT
        b.project_key,
        sum(CASE
            WHEN b.currency = t.currency THEN b.amount
            ELSE CAST(b.amount * coalesce(z.rate, f.rate) / coalesce(tz.rate, tf.rate) AS DECIMAL(18,2))
        END) AS amount,
        sum(derived.state.cents(b.amount * coalesce(z.rate, f.rate))) AS reporting
    FROM derived.state.billed_project b
    JOIN (
        SELECT coalesce(s.project_code, a.project_code) AS project_key, coalesce(s.currency, a.currency) AS currency
        FROM sold s
        FULL JOIN agreed a ON a.project_code = s.project_code
    ) t USING (project_key)
    LEFT JOIN derived.state.fx_day f ON f.currency = b.currency AND f.day = derived.state.rate_day(b.issued_on)
    LEFT JOIN derived.state.fx_day tf ON tf.currency = t.currency AND tf.day = derived.state.rate_day(b.issued_on)
    LEFT JOIN derived.state.fx_frozen z
        ON z.legal_entity = b.legal_entity AND z.currency = b.currency AND z.day = b.issued_on
    LEFT JOIN derived.state.fx_frozen tz
        ON tz.legal_entity = b.legal_entity AND tz.currency = t.currency AND tz.day = b.issued_on
    GROUP BY b.project_key
)
SELECT
    p.project_key,
    coalesce(a.system, e.system) AS system,
    coalesce(p.legal_entity, a.legal_entity) AS legal_entity,
    coalesce(s.currency, a.currency) AS currency,
    CAST(coalesce(s.value, a.value) AS DECIMAL(18,2)) AS value,
    CAST(a.value AS DECIMAL(18,2)) AS erp_value,
    CAST(CASE WHEN s.cap < a.cap THEN s.cap ELSE coalesce(a.cap, s.cap) END AS DECIMAL(18,2)) AS cap,
    s.purchase_order,
    a.purchase_order AS erp_purchase_order,
    coalesce(h.hold, false) AS hold,
    coalesce(e.closed, false) AS closed,
    l.project_code IS NULL AS won,
    NOT coalesce(s.untaxed, false) AS taxed,
    -- A sale that changed within the hour is still on its way.
    NOT coalesce(
        a.currency = s.currency
            AND (a.value <> s.value OR (s.cap IS NOT NULL AND a.cap IS DISTINCT FROM s.cap))
            AND greatest(s.observed_at, a.observed_at) < {now} - INTERVAL 1 HOUR
            AND m.project_code IS NULL,
        false
    ) AS in_force,
    CAST(coalesce(b.amount, 0) AS DECIMAL(18,2)) AS billed_amount,
    CAST(CASE WHEN b.project_key IS NULL THEN 0 ELSE b.reporting END AS DECIMAL(18,2)) AS billed_reporting
FROM derived.state.mart_project p
LEFT JOIN sold s ON s.project_code = p.project_key
LEFT JOIN agreed a ON a.project_code = p.project_key
LEFT JOIN held h ON h.project_code = p.project_key
LEFT JOIN erp e ON e.project_code = p.project_key
LEFT JOIN lost l ON l.project_code = p.project_key
LEFT JOIN moving m ON m.project_code = p.project_key
LEFT JOIN paid b ON b.project_key = p.project_key;
