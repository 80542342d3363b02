/*
Invoices as a PSA shows them: of those that an ERP sent, and of its own.

grain: system, system_id
observed: invoice_status

    system        VARCHAR        -         as the installation calls it
    role          VARCHAR        -         psa, where such invoices are shown
    key           VARCHAR        -         our id of the ERP's invoice; the system's own id where nobody sent it
    system_id     VARCHAR        -         the system's own id
    number        VARCHAR        -         the number that people read
    project_code  VARCHAR        -         the project it is shown on
    status        VARCHAR        -         in the system's own three states: open, paid or void; or draft
    settled_as    VARCHAR        -         what it says the ERP said: open, partly_paid, paid, credited or void
    issued_on     DATE           day       when it was sent
    total         DECIMAL(18,2)  currency  what it asks for
    paid          DECIMAL(18,2)  currency  what it says was paid of it
    credited      DECIMAL(18,2)  currency  what it says was credited of it
    currency      VARCHAR        ISO 4217  of these
    legal_entity  VARCHAR        -         which company of the firm it is of
    changed_at    TIMESTAMPTZ    UTC       its last change in the system
    observed_at   TIMESTAMPTZ    UTC       the newest observation
*/

-- put: parse the changed ones
INSERT INTO derived.state.invoice_status
SELECT
    system,
    role,
    key,
    system_id,
    f.number,
    f.project_code,
    f.status,
    f.settled_as,
    TRY_CAST(f.issued_on AS DATE),
    TRY_CAST(coalesce(total.value, f.total.amount) AS DECIMAL(18,2)),
    TRY_CAST(coalesce(paid.value, f.paid.amount) AS DECIMAL(18,2)),
    TRY_CAST(coalesce(credited.value, f.credited.amount) AS DECIMAL(18,2)),
    f.total.currency,
    legal_entity,
    TRY_CAST(f.changed_at AS TIMESTAMPTZ),
    observed_at
FROM (
    SELECT *, json_transform(fields, '{
        "number": "VARCHAR",
        "project_code": "VARCHAR",
        "status": "VARCHAR",
        "settled_as": "VARCHAR",
        "issued_on": "VARCHAR",
        "total": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "paid": {"amount": "VARCHAR"},
        "credited": {"amount": "VARCHAR"},
        "changed_at": "VARCHAR"
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'invoice_status' AND present
)
LEFT JOIN derived.state.cleared total ON total.sealed = f.total.amount
LEFT JOIN derived.state.cleared paid ON paid.sealed = f.paid.amount
LEFT JOIN derived.state.cleared credited ON credited.sealed = f.credited.amount;
