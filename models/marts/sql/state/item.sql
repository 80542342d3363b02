/*
Time and expenses: booked ones as the PSA shows them, unless it took them back since, posted ones as the ERP does.

grain: system, kind, system_id
observed: time_entry, expense

    system          VARCHAR        -             as the installation calls it
    role            VARCHAR        -             crm, erp, psa, ppm or hcm
    kind            VARCHAR        -             time or expense
    key             VARCHAR        -             of the object in that system: an item has its own, each posting another
    system_id       VARCHAR        -             the system's own id
    item_key        VARCHAR        -             of the item it speaks of: a posting's is that of what it posts
    project_code    VARCHAR        -             the project it was booked on, as that is called now
    charge_code     VARCHAR        -             the line of the project it was booked on
    resource_key    VARCHAR        -             who did the work
    work_date       DATE           day           when it was done or spent
    hours           DECIMAL(19,6)  h             of time only; 35 minutes are 0.583333; wide, so that products fit
    billable        BOOLEAN        -             whether the customer pays for it
    bill_rate       DECIMAL(18,2)  currency / h  what the customer pays
    cost_rate       DECIMAL(18,2)  currency / h  what it costs the firm, in cost_currency
    amount          DECIMAL(18,2)  currency      of expenses only
    currency        VARCHAR        ISO 4217      of what the customer pays
    cost_currency   VARCHAR        ISO 4217      of what it costs
    approval        VARCHAR        -             open, submitted, approved, rejected or reversed
    submitted_at    TIMESTAMPTZ    UTC           when the person handed it in
    approved_at     TIMESTAMPTZ    UTC           when it was approved
    changed_at      TIMESTAMPTZ    UTC           when it last changed at the source, or was taken back
    sync_status     VARCHAR        -             what the PSA says of its own attempt to post it
    sync_message    VARCHAR        -             and why
    legal_entity    VARCHAR        -             which company of the firm bills it
    reversal        BOOLEAN        -             it takes back an earlier posting
    invoiced        BOOLEAN        -             it is on an invoice
    invoice_number  VARCHAR        -             on which
    created_at      TIMESTAMPTZ    UTC           when the system took it
    observed_at     TIMESTAMPTZ    UTC           the newest observation
*/

-- forget: a time entry and an expense may share an id
DELETE FROM derived.state.item t
USING derived.state.fresh f
WHERE t.system = f.system
    AND t.system_id = f.system_id
    AND f.entity = CASE t.kind WHEN 'time' THEN 'time_entry' ELSE 'expense' END;

-- put: parse the changed time entries and expenses; what was taken back since is approved no more
INSERT INTO derived.state.item
SELECT
    seen.system,
    role,
    CASE seen.entity WHEN 'time_entry' THEN 'time' ELSE 'expense' END,
    key,
    seen.system_id,
    coalesce(f.time_entry_id, f.expense_id, key),
    f.project_code,
    nullif(trim(f.charge_code), ''),
    f.resource_number,
    TRY_CAST(coalesce(f.work_date, f.spent_on) AS DATE),
    TRY_CAST(f.hours AS DECIMAL(19,6)),
    coalesce(f.billable, true),
    TRY_CAST(coalesce(bill.value, f.bill_rate.amount) AS DECIMAL(18,2)),
    TRY_CAST(coalesce(cost.value, f.cost_rate.amount) AS DECIMAL(18,2)),
    TRY_CAST(f.amount.amount AS DECIMAL(18,2)),
    coalesce(f.bill_rate.currency, f.amount.currency, f.cost_rate.currency),
    coalesce(f.cost_rate.currency, f.amount.currency),
    CASE WHEN back.taken_at IS NULL THEN coalesce(f.approval, 'approved') ELSE 'reversed' END,
    TRY_CAST(f.submitted_at AS TIMESTAMPTZ),
    TRY_CAST(f.approved_at AS TIMESTAMPTZ),
    coalesce(back.taken_at, TRY_CAST(f.changed_at AS TIMESTAMPTZ)),
    f.sync_status,
    f.sync_message,
    legal_entity,
    coalesce(f.reversal, false),
    coalesce(f.invoiced, false),
    f.invoice_number,
    TRY_CAST(f.created_at AS TIMESTAMPTZ),
    observed_at
FROM (
    SELECT *, json_transform(fields, '{
        "time_entry_id": "VARCHAR",
        "expense_id": "VARCHAR",
        "project_code": "VARCHAR",
        "charge_code": "VARCHAR",
        "resource_number": "VARCHAR",
        "work_date": "VARCHAR",
        "spent_on": "VARCHAR",
        "hours": "VARCHAR",
        "billable": "BOOLEAN",
        "bill_rate": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "cost_rate": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "amount": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "approval": "VARCHAR",
        "submitted_at": "VARCHAR",
        "approved_at": "VARCHAR",
        "changed_at": "VARCHAR",
        "sync_status": "VARCHAR",
        "sync_message": "VARCHAR",
        "reversal": "BOOLEAN",
        "invoiced": "BOOLEAN",
        "invoice_number": "VARCHAR",
        "created_at": "VARCHAR"
    }') AS f
    FROM derived.state.fresh
    WHERE entity IN ('time_entry', 'expense') AND present
) seen
LEFT JOIN derived.state.cleared bill ON bill.sealed = f.bill_rate.amount
LEFT JOIN derived.state.cleared cost ON cost.sealed = f.cost_rate.amount
LEFT JOIN derived.state.taken_back back
    ON back.system = seen.system
    AND back.entity = seen.entity
    AND back.system_id = seen.system_id
    AND seen.role = 'psa'
    AND f.approval = 'approved'
    AND TRY_CAST(f.changed_at AS TIMESTAMPTZ) < back.taken_at;

-- follow: a project that got another name keeps the work that was seen on it before
UPDATE derived.state.item i
SET project_code = r.called
FROM derived.state.renamed r
WHERE r.system = i.system
    AND r.project_code = i.project_code
    AND i.observed_at >= r.since
    AND i.observed_at < r.left_at;

-- take_back: and what its source took back since it last changed there is approved no more, also while it is shown so
UPDATE derived.state.item i
SET approval = 'reversed', changed_at = back.taken_at
FROM derived.state.just_taken_back back
WHERE back.system = i.system
    AND back.entity = CASE i.kind WHEN 'time' THEN 'time_entry' ELSE 'expense' END
    AND back.system_id = i.system_id
    AND i.role = 'psa'
    AND i.approval = 'approved'
    AND i.changed_at < back.taken_at;
