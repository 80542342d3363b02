/*
What customers paid on invoices of the ERP.

grain: system, system_id
observed: payment
published: mart_state_payment

    system          VARCHAR        -         as the installation calls it
    role            VARCHAR        -         crm, erp, psa, ppm or hcm
    key             VARCHAR        -         the payment and the invoice it was applied to
    system_id       VARCHAR        -         the system's own id
    invoice_number  VARCHAR        -         the invoice's key
    paid_on         DATE           day       when it was paid
    status          VARCHAR        -         in the system's words; void payments paid nothing
    amount          DECIMAL(18,2)  currency  what of the payment was applied to the invoice
    currency        VARCHAR        ISO 4217  of amount
    legal_entity    VARCHAR        -         which company of the firm was paid
*/

-- put: parse the changed payments
INSERT INTO derived.state.payment
SELECT
    system,
    role,
    key,
    system_id,
    f.invoice_number,
    TRY_CAST(f.paid_on AS DATE),
    coalesce(f.status, 'deposited'),
    TRY_CAST(f.amount.amount AS DECIMAL(18,2)),
    f.amount.currency,
    legal_entity
FROM (
    SELECT *, json_transform(fields, '{
        "invoice_number": "VARCHAR",
        "paid_on": "VARCHAR",
        "status": "VARCHAR",
        "amount": {"amount": "VARCHAR", "currency": "VARCHAR"}
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'payment' AND present
);
