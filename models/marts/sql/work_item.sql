/*
Every piece of work with all that is known of it: time and expenses as the PSA has them, milestones as agreed, and what
an invoice bills although it is in its source no more.

grain: item_key
granule: item_key
within: item.item_key, mart_invoice_line.item_key, milestone.item_key

    item_key         VARCHAR        -                   as booked in its system; MS-<project>-<milestone>
    kind             VARCHAR        -                   time, expense or milestone
    project_code     VARCHAR        -                   the project it was booked on
    charge_code      VARCHAR        -                   the line of the project it was booked on
    resource_key     VARCHAR        -                   who did the work
    legal_entity     VARCHAR        -                   which company of the firm bills it
    work_date        DATE           day                 when it was done, or is due where an invoice was sooner
    submitted_at     TIMESTAMPTZ    UTC                 when the person handed it in
    approved_at      TIMESTAMPTZ    UTC                 when it was approved; of a milestone when it was completed
    hours            DECIMAL(8,2)   h                   of time only, as its source has it
    billable         BOOLEAN        -                   whether the customer pays for it
    amount           DECIMAL(18,2)  currency            what its source would have billed
    currency         VARCHAR        ISO 4217            of amount
    cost_amount      DECIMAL(18,2)  cost_currency       what it costs the firm
    cost_currency    VARCHAR        ISO 4217            of cost_amount
    approval         VARCHAR        -                   open, submitted, approved, rejected or reversed
    source_system    VARCHAR        -                   where it was booked; none for milestones
    changed_at       TIMESTAMPTZ    UTC                 when it last changed at the source
    sync_message     VARCHAR        -                   what the PSA says of its own attempt to post it
    rateless         BOOLEAN        -                   billable time that neither PSA nor ERP has a bill rate for
    milestone        VARCHAR        -                   what the milestone is called
    accepted         BOOLEAN        -                   the customer has accepted it; of milestones only
    flagged          BOOLEAN        -                   a milestone that its source calls invoiced
    gone             BOOLEAN        -                   no longer in its source: an invoice bills it, and nothing else
    has_line         BOOLEAN        -                   a line of an invoice that stands bills it
*/

-- touched: items that are others in a source, in an agreement or on an invoice, or of which less stands
SELECT item_key FROM derived.moved.item
UNION ALL
SELECT item_key FROM derived.moved.undone
UNION ALL
SELECT item_key FROM derived.moved.mart_invoice_line WHERE item_key IS NOT NULL
UNION ALL
SELECT item_key FROM derived.moved.milestone;

-- billed: what invoice lines that stand say of each item; one whose lines were all taken back has no amount
CREATE OR REPLACE TABLE derived.state.billed AS
WITH standing AS (
    SELECT
        item_key,
        min(kind) FILTER (kind <> 'credit') AS kind,
        min(invoice_key) FILTER (credits IS NULL) AS invoice_key,
        CAST(sum(amount) AS DECIMAL(18,2)) AS amount,
        CASE WHEN count(*) = count(amount_reporting) THEN CAST(sum(amount_reporting) AS DECIMAL(18,2)) END
            AS amount_reporting,
        min(currency) AS currency,
        CAST(sum(hours) FILTER (credits IS NULL) AS DECIMAL(8,2)) AS hours,
        min(project_key) AS project_code,
        min(customer_key) AS customer_key,
        min(legal_entity) AS legal_entity,
        min(issued_on) FILTER (credits IS NULL) AS issued_on
    FROM derived.state.mart_invoice_line
    WHERE stands AND item_key IS NOT NULL
    GROUP BY item_key
)
SELECT *, true AS stands
FROM standing
UNION ALL BY NAME
SELECT DISTINCT l.item_key, false AS stands
FROM derived.state.mart_invoice_line l
ANTI JOIN standing s ON s.item_key = l.item_key
WHERE l.item_key IS NOT NULL AND NOT l.stands AND l.status <> 'draft';

-- work_item: from the PSA, from the agreements, and what only an invoice still knows
CREATE OR REPLACE TABLE derived.state.work_item AS
WITH gone AS (
    SELECT b.*
    FROM derived.state.billed b
    ANTI JOIN (SELECT item_key FROM derived.state.item WHERE role = 'psa') i ON i.item_key = b.item_key
    ANTI JOIN derived.state.milestone m ON m.item_key = b.item_key
    WHERE b.stands
), priced AS (  -- the PSA left the rate open, and the flow took the one that was sold
    SELECT i.kind, i.item_key, max_by(
        struct_pack(bill_rate := i.bill_rate, currency := i.currency), (length(i.key), i.key, i.system, i.system_id)
    ) AS last
    FROM derived.state.item i
    SEMI JOIN (
        SELECT item_key FROM derived.state.item WHERE role = 'psa' AND kind = 'time' AND bill_rate IS NULL
    ) open ON open.item_key = i.item_key
    WHERE i.role = 'erp' AND i.kind = 'time' AND NOT i.reversal AND i.bill_rate IS NOT NULL
    GROUP BY i.kind, i.item_key
), posted AS (  -- the posting that stands, else the newest that stood: it was billed, and cost what it cost
    SELECT
        i.item_key,
        max_by(
            struct_pack(
                charge_code := i.charge_code,
                resource_key := i.resource_key,
                work_date := i.work_date,
                cost_amount := CASE i.kind
                    WHEN 'time' THEN CAST(derived.state.cents(i.hours * i.cost_rate) AS DECIMAL(18,2)) ELSE i.amount
                END,
                cost_currency := i.cost_currency
            ),
            (coalesce(u.stands, true), length(i.key), i.key, i.system, i.system_id)
        ) AS last
    FROM derived.state.item i
    SEMI JOIN gone g ON g.item_key = i.item_key
    LEFT JOIN derived.state.undone u ON u.system = i.system AND u.kind = i.kind AND u.system_id = i.system_id
    WHERE i.role = 'erp' AND NOT i.reversal
    GROUP BY i.item_key
)
SELECT
    i.item_key,
    i.kind,
    i.project_code,
    i.charge_code,
    i.resource_key,
    i.legal_entity,
    i.work_date,
    i.submitted_at,
    i.approved_at,
    i.hours,
    i.billable,
    CASE i.kind
        WHEN 'time' THEN CAST(derived.state.cents(i.hours * coalesce(i.bill_rate, r.last.bill_rate)) AS DECIMAL(18,2))
        ELSE i.amount
    END AS amount,
    CASE WHEN i.bill_rate IS NULL THEN coalesce(r.last.currency, i.currency) ELSE i.currency END AS currency,
    CASE i.kind
        WHEN 'time' THEN CAST(derived.state.cents(i.hours * i.cost_rate) AS DECIMAL(18,2)) ELSE i.amount
    END AS cost_amount,
    i.cost_currency,
    i.approval,
    i.system AS source_system,
    i.changed_at,
    i.sync_message,
    i.kind = 'time' AND i.billable AND i.bill_rate IS NULL AND r.last.bill_rate IS NULL AS rateless,
    NULL AS milestone,
    NULL AS accepted,
    false AS flagged,
    false AS gone,
    coalesce(b.stands, false) AS has_line
FROM derived.state.item i
LEFT JOIN derived.state.billed b ON b.item_key = i.item_key
LEFT JOIN priced r ON r.kind = i.kind AND r.item_key = i.item_key
WHERE i.role = 'psa'
UNION ALL BY NAME
SELECT
    m.item_key,
    'milestone' AS kind,
    m.project_code,
    m.legal_entity,
    coalesce(m.completed_on, m.due) AS work_date,
    coalesce(m.completed_at, CAST(m.due AS TIMESTAMPTZ)) AS approved_at,
    true AS billable,
    m.amount,
    m.currency,
    'approved' AS approval,
    false AS rateless,
    name AS milestone,
    accepted,
    flagged,
    false AS gone,
    coalesce(b.stands, false) AS has_line
FROM derived.state.milestone m
LEFT JOIN derived.state.billed b ON b.item_key = m.item_key
WHERE completed_at IS NOT NULL OR b.stands
UNION ALL BY NAME
SELECT
    g.item_key,
    coalesce(g.kind, 'time') AS kind,
    g.project_code,
    p.last.charge_code AS charge_code,
    p.last.resource_key AS resource_key,
    g.legal_entity,
    coalesce(p.last.work_date, g.issued_on) AS work_date,
    true AS billable,
    p.last.cost_amount AS cost_amount,
    p.last.cost_currency AS cost_currency,
    'reversed' AS approval,
    false AS rateless,
    false AS flagged,
    true AS gone,
    true AS has_line
FROM gone g
LEFT JOIN posted p ON p.item_key = g.item_key;
