/*
Invoices of the ERP.

grain: system, system_id
observed: invoice

    system        VARCHAR        -          as the installation calls it
    role          VARCHAR        -          crm, erp, psa, ppm or hcm
    key           VARCHAR        -          the invoice's key
    system_id     VARCHAR        -          the system's own id
    customer_key  VARCHAR        -          who pays
    project_code  VARCHAR        -          the project it is for
    status        VARCHAR        -          draft, open, paid, void …; open where the system says nothing
    issued_on     DATE           day        when it was sent
    total         DECIMAL(18,2)  currency   what is to be paid
    settled_as    VARCHAR        -          draft, open, partly_paid, paid, credited or void; none where nobody says
    paid          DECIMAL(18,2)  currency   what payments were applied to it
    credited      DECIMAL(18,2)  currency   what credit memos were applied to it
    changed_at    TIMESTAMPTZ    UTC        the newest change of it and of what was applied to it
    currency      VARCHAR        ISO 4217   of total
    lines         VARCHAR        JSON list  what it bills
    legal_entity  VARCHAR        -          which company of the firm bills it
    observed_at   TIMESTAMPTZ    UTC        the newest observation
*/

-- put: parse the changed invoices
INSERT INTO derived.state.invoice
SELECT
    system,
    role,
    key,
    system_id,
    f.customer_key,
    f.project_code,
    coalesce(f.status, 'open'),
    TRY_CAST(f.issued_on AS DATE),
    TRY_CAST(coalesce(total.value, f.total.amount) AS DECIMAL(18,2)),
    f.settled_as,
    TRY_CAST(coalesce(paid.value, f.paid.amount) AS DECIMAL(18,2)),
    TRY_CAST(coalesce(credited.value, f.credited.amount) AS DECIMAL(18,2)),
    TRY_CAST(f.changed_at AS TIMESTAMPTZ),
    f.total.currency,
    CAST(f.lines AS VARCHAR),
    legal_entity,
    observed_at
FROM (
    SELECT *, json_transform(fields, '{
        "customer_key": "VARCHAR",
        "project_code": "VARCHAR",
        "status": "VARCHAR",
        "issued_on": "VARCHAR",
        "total": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "settled_as": "VARCHAR",
        "paid": {"amount": "VARCHAR"},
        "credited": {"amount": "VARCHAR"},
        "changed_at": "VARCHAR",
        "lines": "JSON"
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'invoice' AND present
)
LEFT JOIN derived.state.cleared total ON total.sealed = f.total.amount
LEFT JOIN derived.state.cleared paid ON paid.sealed = f.paid.amount
LEFT JOIN derived.state.cleared credited ON credited.sealed = f.credited.amount;

-- follow: a project that got another code keeps its invoices
UPDATE derived.state.invoice t
SET project_code = r.called
FROM derived.state.renamed r
WHERE r.system = t.system
    AND r.project_code = t.project_code
    AND t.observed_at >= r.since
    AND t.observed_at < r.left_at;
