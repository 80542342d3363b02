/*
What invoices that were sent ask for, what of it was paid, and whether they were right the first time.

grain: system, key

    system      VARCHAR        -                   as the installation calls it
    key         VARCHAR        -                   the invoice's number
    issued_on   DATE           day                 when it was sent
    due         BOOLEAN        -                   whether it should be paid by now: thirty days after it was sent
    stands      BOOLEAN        -                   neither void nor taken back by a credit memo
    right_once  BOOLEAN        -                   neither void nor credited, nothing billed twice or too high
    total       DECIMAL(18,2)  reporting currency  what it asks for, less what was credited
    paid        DECIMAL(18,2)  reporting currency  what customers paid of it
    ready_at    TIMESTAMPTZ    UTC                 when the last of what it bills could be billed
    sent_by     TIMESTAMPTZ    UTC                 when issued_on was over where its company is
*/

-- receivable: invoices with their credits, payments and lines
CREATE OR REPLACE TABLE derived.state.receivable AS
WITH rebilled AS (  -- an item that stands on one invoice and stood on another
    SELECT item_key
    FROM derived.state.mart_invoice_line
    WHERE item_key IS NOT NULL AND credits IS NULL AND status <> 'draft'
    GROUP BY item_key
    HAVING count(DISTINCT invoice_key) > 1
), line AS (
    SELECT
        l.system,
        l.invoice_key,
        bool_or(l.stands) AS stands,
        bool_or(r.item_key IS NOT NULL) AS rebilled,
        -- A cent is what two systems may differ by without anybody being wrong.
        bool_or(
            l.stands AND w.bill_amount - CASE WHEN w.currency = w.work_currency THEN w.work_amount ELSE 0 END > 0.01
        ) AS beyond,
        max(CASE WHEN w.kind = 'milestone' THEN w.approved_at ELSE coalesce(w.posted_at, w.approved_at) END) AS ready_at
    FROM derived.state.mart_invoice_line l
    LEFT JOIN rebilled r ON r.item_key = l.item_key
    LEFT JOIN derived.state.mart_work w ON w.item_key = l.item_key
    WHERE l.credits IS NULL
    GROUP BY ALL
), credited AS (
    SELECT
        i.system,
        i.system_id,
        coalesce(sum(m.total) FILTER (coalesce(m.currency, i.currency) IS NOT DISTINCT FROM i.currency), 0) AS total
    FROM derived.state.invoice i
    JOIN derived.state.credit_memo m ON m.system = i.system AND m.credits = i.key
    WHERE m.status NOT IN ('void', 'draft')
    GROUP BY i.system, i.system_id
), paid AS (
    SELECT system, invoice_number AS key, sum(amount) AS amount
    FROM derived.state.payment
    WHERE status NOT IN ('void', 'voided')
    GROUP BY ALL
)
SELECT
    i.system,
    i.key,
    i.issued_on,
    i.issued_on + 30 < coalesce(t.today, elsewhere.today) AS due,
    i.status <> 'void' AND coalesce(l.stands, true) AS stands,
    i.status <> 'void' AND c.system_id IS NULL AND NOT coalesce(l.rebilled OR l.beyond, false) AS right_once,
    CAST(CASE WHEN i.status <> 'void' AND coalesce(l.stands, true)
        THEN greatest(i.total - coalesce(c.total, 0), 0) * coalesce(zx.rate, fx.rate) ELSE 0
    END AS DECIMAL(18,2)) AS total,
    -- An invoice that its system calls paid and of which no payment is known was paid before payments were read.
    CAST(CASE
        WHEN i.status = 'void' THEN 0
        ELSE coalesce(p.amount, CASE WHEN i.status = 'paid' THEN i.total - coalesce(c.total, 0) ELSE 0 END)
            * coalesce(zx.rate, fx.rate)
    END AS DECIMAL(18,2)) AS paid,
    l.ready_at,
    CAST(i.issued_on + 1 AS TIMESTAMP) AT TIME ZONE coalesce(t.zone, 'UTC') AS sent_by
FROM derived.state.invoice i
CROSS JOIN (SELECT today FROM derived.state.mart_today WHERE legal_entity = '') elsewhere
LEFT JOIN derived.state.mart_today t ON t.legal_entity = i.legal_entity
LEFT JOIN line l ON l.system = i.system AND l.invoice_key = i.key
LEFT JOIN credited c ON c.system = i.system AND c.system_id = i.system_id
LEFT JOIN paid p ON p.system = i.system AND p.key = i.key
-- At one rate, that of the invoice's day: what a customer paid settles what was asked, whatever the rate did since.
LEFT JOIN derived.state.fx_day fx ON fx.currency = i.currency AND fx.day = derived.state.rate_day(i.issued_on)
LEFT JOIN derived.state.fx_frozen zx
    ON zx.legal_entity = i.legal_entity AND zx.currency = i.currency AND zx.day = i.issued_on
WHERE i.status <> 'draft';
