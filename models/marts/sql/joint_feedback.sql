/*
What the ERP says of each invoice beside what the PSA shows of it: one row a pair, or a side that stands alone.

An invoice that bills nothing any more (void, or wholly credited) is worth nothing on either side, and the PSA need not
have it. The PSA knows three states, and the ERP's own word stands beside them: both are compared, and what was paid and
credited. Of several that the PSA shows under one invoice the one that stands is its own, else the newest; what else
stands is doubled, and what it shows of no invoice of the ERP has no source.

grain: entity, item_key, source_key, target_key

    flow                 VARCHAR        -         invoice-feedback
    source               VARCHAR        -         the ERP; none for what it did not send
    target               VARCHAR        -         the PSA; none where it shows nothing
    entity               VARCHAR        -         invoice_status
    item_key             VARCHAR        -         our id of the invoice: IN-<ERP>-<its id there>
    source_key           VARCHAR        -         the invoice's number; none where there is none
    target_key           VARCHAR        -         the PSA's own id; none where there is none
    project_key          VARCHAR        -         the source's word first
    legal_entity         VARCHAR        -         of the source's record
    currency             VARCHAR        ISO 4217  of the source's record
    day                  DATE           day       when it was sent
    target_legal_entity  VARCHAR        -         of the target's record
    target_currency      VARCHAR        ISO 4217  of the target's record
    target_day           DATE           day       when it was sent, by the target
    source_amount        DECIMAL(18,2)  currency  what it asks for; nothing of one that bills nothing any more
    target_amount        DECIMAL(18,2)  currency  the same as the PSA shows it
    source_hours         DECIMAL(18,2)  h         none: an invoice is compared by its money
    target_hours         DECIMAL(18,2)  h         none
    differs              STRUCT[]       -         field, source and target where the two say different things
    changed_at           TIMESTAMPTZ    UTC       the newest change of the invoice, its payments and its credits
    source_seen          TIMESTAMPTZ    UTC       when the source was seen to have it so
    made_at              TIMESTAMPTZ    UTC       the target's last change
    target_seen          TIMESTAMPTZ    UTC       when the target was seen to have it so
    doubled              BOOLEAN        -         a second that stands for one invoice
*/

-- joint_feedback: each invoice with what the PSA shows of it
CREATE OR REPLACE TABLE derived.state.joint_feedback AS
WITH source AS (
    SELECT
        i.system,
        'IN-' || i.system || '-' || i.system_id AS item_key,
        i.key,
        i.project_code AS project_key,
        i.legal_entity,
        i.currency,
        i.issued_on AS day,
        i.settled_as,
        i.settled_as IN ('credited', 'void') AS idle,
        CASE i.settled_as WHEN 'partly_paid' THEN 'open' WHEN 'credited' THEN 'void' ELSE i.settled_as END AS status,
        i.total,
        i.paid,
        i.credited,
        i.changed_at,
        i.observed_at
    FROM derived.state.invoice i
    CROSS JOIN derived.state.known k
    WHERE k.feedback
        AND i.settled_as <> 'draft'
        -- One without a project is shown nowhere, unless it was before its project was deleted.
        AND (
            i.project_code IS NOT NULL
            OR 'IN-' || i.system || '-' || i.system_id IN (SELECT key FROM derived.state.invoice_status)
        )
), target AS (
    SELECT
        t.*,
        t.status IN ('void', 'draft') AS idle,
        row_number() OVER (
            PARTITION BY t.key
            ORDER BY t.status IN ('void', 'draft'), TRY_CAST(t.system_id AS BIGINT) DESC, t.system_id DESC
        ) AS n
    FROM derived.state.invoice_status t
    CROSS JOIN derived.state.known k
    WHERE k.feedback
)
SELECT
    'invoice-feedback' AS flow,
    s.system AS source,
    t.system AS target,
    'invoice_status' AS entity,
    coalesce(s.item_key, t.key) AS item_key,
    s.key AS source_key,
    t.system_id AS target_key,
    coalesce(s.project_key, t.project_code) AS project_key,
    coalesce(s.legal_entity, t.legal_entity) AS legal_entity,
    coalesce(s.currency, t.currency) AS currency,
    coalesce(s.day, t.issued_on) AS day,
    coalesce(s.legal_entity, t.legal_entity) AS target_legal_entity,
    coalesce(t.currency, s.currency) AS target_currency,
    coalesce(s.day, t.issued_on) AS target_day,
    CASE WHEN s.item_key IS NOT NULL THEN CAST(CASE WHEN s.idle THEN 0 ELSE s.total END AS DECIMAL(18,2)) END
        AS source_amount,
    CASE WHEN t.system_id IS NOT NULL THEN CAST(CASE WHEN t.idle THEN 0 ELSE t.total END AS DECIMAL(18,2)) END
        AS target_amount,
    NULL::DECIMAL(18,2) AS source_hours,
    NULL::DECIMAL(18,2) AS target_hours,
    CASE WHEN s.item_key IS NOT NULL AND t.system_id IS NOT NULL THEN list_filter([
        {'field': 'status', 'source': s.status, 'target': coalesce(t.status, '-')},
        {
            'field': 'amount',
            'source': CAST(CASE WHEN s.idle THEN 0 ELSE s.total END AS VARCHAR),
            'target': CAST(CASE WHEN t.idle THEN 0 ELSE t.total END AS VARCHAR)
        },
        {'field': 'currency', 'source': s.currency, 'target': coalesce(t.currency, '-')},
        {'field': 'said of it', 'source': s.settled_as, 'target': coalesce(t.settled_as, '-')},
        {
            'field': 'paid',
            'source': CASE WHEN NOT s.idle THEN CAST(s.paid AS VARCHAR) END,
            'target': coalesce(CAST(t.paid AS VARCHAR), '-')
        },
        {
            'field': 'credited',
            'source': CASE WHEN NOT s.idle THEN CAST(s.credited AS VARCHAR) END,
            'target': coalesce(CAST(t.credited AS VARCHAR), '-')
        }
    ], lambda one: coalesce(one.source <> one.target, false)) END AS differs,
    s.changed_at,
    s.observed_at AS source_seen,
    coalesce(t.changed_at, t.observed_at) AS made_at,
    t.observed_at AS target_seen,
    s.item_key IS NULL AND t.n > 1 AS doubled
FROM source s
FULL JOIN target t ON t.key = s.item_key AND t.n = 1
-- What bills nothing on the one side need not be on the other.
WHERE coalesce(s.idle, t.idle, false) IS FALSE OR s.item_key IS NOT NULL AND t.system_id IS NOT NULL;
