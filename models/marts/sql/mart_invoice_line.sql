/*
What invoices bill, line by line, and what credit memos take back of it.

grain: system, document, document_id, line

    system            VARCHAR        -                   as the installation calls it
    invoice_key       VARCHAR        -                   the number of the invoice, or of the credit memo
    line              INTEGER        -                   its place there, from 1
    status            VARCHAR        -                   of the document: draft, open, paid, void …
    stands            BOOLEAN        -                   neither draft nor void, and not taken back by a credit memo
    issued_on         DATE           day                 when the document was sent
    project_key       VARCHAR        -                   what it bills for, by the document or else the posting
    customer_key      VARCHAR        -                   who pays
    legal_entity      VARCHAR        -                   which company of the firm bills it
    kind              VARCHAR        -                   time, expense, milestone, fixed_fee, discount, tax, credit …
    item_key          VARCHAR        -                   the work it bills; none for a line that bills no item
    posting_id        VARCHAR        -                   the posting it bills, if one
    amount            DECIMAL(18,2)  currency            as it says; of a credit memo what it takes back, below 0
    currency          VARCHAR        ISO 4217            of amount
    amount_reporting  DECIMAL(18,2)  reporting currency  the same at the rate of issued_on; none without one
    hours             DECIMAL(8,2)   h                   of the posting it bills; of time only
    credits           VARCHAR        -                   of a credit memo: the invoice that it takes back
    document          VARCHAR        -                   invoice or credit_memo
    document_id       VARCHAR        -                   the system's own id of it
*/

-- document: invoices and credit memos; one that is void or wholly credited bills nothing, nor does what credited it,
-- unless of one piece of work more was taken back than billed, or less: then each line says what it says. What is taken
-- back in another currency is never netted.
CREATE OR REPLACE TABLE derived.state.document AS
WITH memo AS (
    SELECT m.* REPLACE (coalesce(m.currency, i.currency) AS currency)
    FROM derived.state.credit_memo m
    LEFT JOIN (
        SELECT system, key, min(currency) AS currency FROM derived.state.invoice GROUP BY system, key
    ) i ON i.system = m.system AND i.key = m.credits
    WHERE m.status NOT IN ('void', 'draft')
), credited AS (
    SELECT system, credits AS invoice_key, currency, sum(total) AS total
    FROM memo
    GROUP BY ALL
), line AS (
    SELECT system, document, system_id, coalesce(posting_id, milestone_id) AS bills, amount, currency
    FROM derived.state.invoice_line
    WHERE coalesce(posting_id, milestone_id) IS NOT NULL
), said AS (
    SELECT
        m.system,
        m.credits AS invoice_key,
        l.bills,
        coalesce(l.currency, m.currency) AS currency,
        -l.amount AS amount,
        true AS taken_back
    FROM memo m
    JOIN line l ON l.system = m.system AND l.document = 'credit_memo' AND l.system_id = m.system_id
    UNION ALL
    SELECT i.system, i.key, l.bills, coalesce(l.currency, i.currency), l.amount, false
    FROM derived.state.invoice i
    SEMI JOIN memo m ON m.system = i.system AND m.credits = i.key
    JOIN line l ON l.system = i.system AND l.document = 'invoice' AND l.system_id = i.system_id
), uneven AS (
    SELECT DISTINCT system, invoice_key
    FROM said
    GROUP BY system, invoice_key, bills, currency
    HAVING bool_or(taken_back) AND sum(amount) <> 0
), invoice AS (
    SELECT
        i.*,
        i.status NOT IN ('void', 'draft')
            AND NOT coalesce(c.total >= i.total AND i.total > 0 AND u.system IS NULL, false) AS stands
    FROM derived.state.invoice i
    LEFT JOIN credited c
        ON c.system = i.system AND c.invoice_key = i.key AND c.currency IS NOT DISTINCT FROM i.currency
    LEFT JOIN uneven u ON u.system = i.system AND u.invoice_key = i.key
)
SELECT
    system,
    'invoice' AS document,
    system_id,
    key,
    NULL AS credits,
    status,
    stands,
    issued_on,
    project_code,
    customer_key,
    legal_entity,
    total,
    currency
FROM invoice
UNION ALL
SELECT
    m.system,
    'credit_memo',
    m.system_id,
    m.key,
    m.credits,
    m.status,
    m.status NOT IN ('void', 'draft') AND coalesce(i.stands, true),
    m.issued_on,
    coalesce(m.project_code, i.project_code),
    coalesce(m.customer_key, i.customer_key),
    coalesce(m.legal_entity, i.legal_entity),
    -m.total,
    coalesce(m.currency, i.currency)
FROM derived.state.credit_memo m
LEFT JOIN (
    SELECT
        system,
        key,
        bool_or(stands) AS stands,
        min(project_code) AS project_code,
        min(customer_key) AS customer_key,
        min(legal_entity) AS legal_entity,
        min(currency) AS currency
    FROM invoice
    GROUP BY system, key
) i ON i.system = m.system AND i.key = m.credits;

-- mart_invoice_line: each line with the work it bills; work whose line a memo takes back in full is on neither
CREATE OR REPLACE TABLE derived.state.mart_invoice_line AS
WITH alone AS (  -- a milestone's line on an invoice that names no project
    SELECT milestone_id, min(item_key) AS item_key, min(project_code) AS project_code
    FROM derived.state.milestone
    GROUP BY milestone_id
    HAVING count(*) = 1
), posting AS (  -- grouped, for two records of one ERP may share a key, and a line must not double by it
    SELECT
        p.system,
        p.key,
        min(p.kind) AS kind,
        min(p.item_key) AS item_key,
        min(p.project_code) AS project_code,
        min(p.hours) AS hours
    FROM derived.state.item p
    SEMI JOIN derived.state.invoice_line l ON l.system = p.system AND l.posting_id = p.key
    WHERE p.role = 'erp'
    GROUP BY p.system, p.key
), line AS (
    SELECT
        d.* EXCLUDE (total, currency),
        coalesce(l.currency, d.currency) AS currency,
        l.line,
        l.posting_id,
        coalesce(d.project_code, p.project_code, a.project_code) AS project_key,
        CASE
            WHEN l.document = 'credit_memo' THEN 'credit'
            WHEN l.milestone_id IS NOT NULL THEN 'milestone'
            ELSE coalesce(l.kind, p.kind, CASE WHEN l.posting_id IS NULL THEN 'adjustment' ELSE 'time' END)
        END AS kind,
        CASE
            WHEN l.milestone_id IS NOT NULL
                THEN coalesce('MS-' || d.project_code || '-' || l.milestone_id, a.item_key)
            ELSE coalesce(p.item_key, regexp_replace(l.posting_id, '-v[0-9]+$', ''))
        END AS item_key,
        CASE WHEN l.document = 'credit_memo' THEN -l.amount ELSE l.amount END AS amount,
        p.hours
    FROM derived.state.invoice_line l
    JOIN derived.state.document d ON d.system = l.system AND d.document = l.document AND d.system_id = l.system_id
    LEFT JOIN posting p ON p.system = l.system AND p.key = l.posting_id
    LEFT JOIN alone a ON a.milestone_id = CASE WHEN d.project_code IS NULL THEN l.milestone_id END
), undone AS (
    SELECT system, coalesce(credits, key) AS invoice_key, item_key, currency
    FROM line
    WHERE stands AND item_key IS NOT NULL
    GROUP BY ALL
    HAVING bool_or(credits IS NOT NULL) AND sum(amount) = 0
)
SELECT
    l.system,
    l.key AS invoice_key,
    l.line,
    l.status,
    l.stands AND u.item_key IS NULL AS stands,
    l.issued_on,
    l.project_key,
    l.customer_key,
    l.legal_entity,
    l.kind,
    l.item_key,
    l.posting_id,
    l.amount,
    l.currency,
    CAST(derived.state.cents(l.amount * coalesce(zx.rate, fx.rate)) AS DECIMAL(18,2)) AS amount_reporting,
    CAST(l.hours AS DECIMAL(8,2)) AS hours,
    l.credits,
    l.document,
    l.system_id AS document_id
FROM line l
LEFT JOIN undone u
    ON u.system = l.system
    AND u.invoice_key = coalesce(l.credits, l.key)
    AND u.item_key = l.item_key
    AND u.currency IS NOT DISTINCT FROM l.currency
LEFT JOIN derived.state.fx_day fx
    ON fx.currency = l.currency AND fx.day = derived.state.rate_day(l.issued_on)
LEFT JOIN derived.state.fx_frozen zx
    ON zx.legal_entity = l.legal_entity AND zx.currency = l.currency AND zx.day = l.issued_on;
