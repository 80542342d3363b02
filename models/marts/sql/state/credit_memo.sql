/*
Credit memos of the ERP: what takes an invoice back, in whole or in part.

grain: system, system_id
observed: credit_memo

    system        VARCHAR        -         as the installation calls it
    role          VARCHAR        -         crm, erp, psa, ppm or hcm
    key           VARCHAR        -         the memo's key
    system_id     VARCHAR        -         the system's own id
    credits       VARCHAR        -         the key of the invoice that it was made from, if one
    customer_key  VARCHAR        -         who need not pay
    project_code  VARCHAR        -         the project it is for
    status        VARCHAR        -         draft, open, applied, void …; open where the system says nothing
    issued_on     DATE           day       when it was sent
    total         DECIMAL(18,2)  currency  what need not be paid, above zero
    currency      VARCHAR        ISO 4217  of total
    legal_entity  VARCHAR        -         which company of the firm made it
    observed_at   TIMESTAMPTZ    UTC       the newest observation
*/

-- put: parse the changed credit memos
INSERT INTO derived.state.credit_memo
SELECT
    system,
    role,
    key,
    system_id,
    f.credits,
    f.customer_key,
    f.project_code,
    coalesce(f.status, 'open'),
    TRY_CAST(f.issued_on AS DATE),
    abs(TRY_CAST(coalesce(total.value, f.total.amount) AS DECIMAL(18,2))),
    f.total.currency,
    legal_entity,
    observed_at
FROM (
    SELECT *, json_transform(fields, '{
        "credits": "VARCHAR",
        "customer_key": "VARCHAR",
        "project_code": "VARCHAR",
        "status": "VARCHAR",
        "issued_on": "VARCHAR",
        "total": {"amount": "VARCHAR", "currency": "VARCHAR"}
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'credit_memo' AND present
)
LEFT JOIN derived.state.cleared total ON total.sealed = f.total.amount;

-- follow: a project that got another code keeps its credit memos
UPDATE derived.state.credit_memo t
SET project_code = r.called
FROM derived.state.renamed r
WHERE r.system = t.system
    AND r.project_code = t.project_code
    AND t.observed_at >= r.since
    AND t.observed_at < r.left_at;
