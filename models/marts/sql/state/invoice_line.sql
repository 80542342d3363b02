/*
The lines of invoices and credit memos, each once, as the ERP shows them now.

grain: system, document, system_id, line

    system        VARCHAR        -         as the installation calls it
    document      VARCHAR        -         invoice or credit_memo
    system_id     VARCHAR        -         the system's own id of the document it stands on
    invoice_key   VARCHAR        -         the document's number
    line          INTEGER        -         its place there, from 1
    posting_id    VARCHAR        -         the posting it bills, if one
    milestone_id  VARCHAR        -         the milestone it bills, if one
    kind          VARCHAR        -         what it is, where the ERP says so
    amount        DECIMAL(18,2)  currency  as it stands on the document
    currency      VARCHAR        ISO 4217  of amount
*/

-- forget: the lines of documents that changed
DELETE FROM derived.state.invoice_line t
USING derived.state.fresh f
WHERE t.system = f.system AND t.document = f.entity AND t.system_id = f.system_id;

-- put: take their lines apart
INSERT INTO derived.state.invoice_line
WITH listed AS (
    SELECT
        system,
        entity,
        system_id,
        key,
        fields->>'$.total.currency' AS currency,
        from_json(fields->'$.lines', '[{
            "posting_id": "VARCHAR",
            "milestone_id": "VARCHAR",
            "kind": "VARCHAR",
            "amount": {"amount": "VARCHAR", "currency": "VARCHAR"}
        }]') AS lines
    FROM derived.state.fresh
    WHERE entity IN ('invoice', 'credit_memo') AND present AND json_type(fields, '$.lines') = 'ARRAY'
), numbered AS (
    SELECT system, entity, system_id, key, currency, unnest(lines) AS one, generate_subscripts(lines, 1) AS line
    FROM listed
)
SELECT
    system,
    entity,
    system_id,
    key,
    CAST(line AS INTEGER),
    nullif(trim(one.posting_id), ''),
    nullif(trim(one.milestone_id), ''),
    one.kind,
    TRY_CAST(coalesce(c.value, one.amount.amount) AS DECIMAL(18,2)),
    coalesce(one.amount.currency, currency)
FROM numbered
LEFT JOIN derived.state.cleared c ON c.sealed = one.amount.amount;
