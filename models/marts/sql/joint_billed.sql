/*
What the ERP holds as posted, and milestones that are done, beside the invoices that bill them: one row a pair, or a
side that stands alone.

An invoice's record is all that its lines that stand say of one piece of work, less what credit memos took back of it.
Lines that bill no work (a discount, a tax, a retainer) are no part of this joint. Work belongs to the month in which it
was done, whenever it is billed.

grain: entity, item_key, source_key, target_key
granule: item_key
within: joint_work.item_key, milestone.item_key, mart_invoice_line.item_key

    flow                 VARCHAR        -         billing: no flow of ours, the ERP does it
    source               VARCHAR        -         the ERP; none for lines without work
    target               VARCHAR        -         the ERP; none for what is on no invoice
    entity               VARCHAR        -         invoice_line
    item_key             VARCHAR        -         the work that is billed
    source_key           VARCHAR        -         the posting or the milestone; none where there is none
    target_key           VARCHAR        -         the invoice; none where there is none
    project_key          VARCHAR        -         the source's word first
    legal_entity         VARCHAR        -         of the work
    currency             VARCHAR        ISO 4217  of the work
    day                  DATE           day       when the work was done
    target_legal_entity  VARCHAR        -         of the invoice
    target_currency      VARCHAR        ISO 4217  of the invoice
    target_day           DATE           day       that of the work; where there is none, of the invoice
    source_amount        DECIMAL(18,2)  currency  what is posted
    target_amount        DECIMAL(18,2)  currency  what is billed
    source_hours         DECIMAL(18,2)  h         none: what is billed is money
    target_hours         DECIMAL(18,2)  h         none
    differs              STRUCT[]       -         field, source and target where the two say different things
    changed_at           TIMESTAMPTZ    UTC       when the ERP took the posting, or the milestone was done
    source_seen          TIMESTAMPTZ    UTC       when the source was seen to have it so
    made_at              TIMESTAMPTZ    UTC       when the invoice was sent
    target_seen          TIMESTAMPTZ    UTC       when the invoice was sent
    doubled              BOOLEAN        -         a second invoice of work that has its own
*/

-- touched: work of which the posting, the milestone or a line is another
SELECT item_key FROM derived.moved.joint_work
UNION ALL
SELECT item_key FROM derived.moved.milestone
UNION ALL
SELECT item_key FROM derived.moved.mart_invoice_line WHERE item_key IS NOT NULL;

-- joint_billed: each posting and each milestone with its invoice
CREATE OR REPLACE TABLE derived.state.joint_billed AS
WITH source AS (
    SELECT
        target AS system,
        item_key,
        target_key AS key,
        project_key,
        target_legal_entity AS legal_entity,
        target_currency AS currency,
        target_day AS day,
        target_amount AS amount,
        made_at,
        target_seen AS seen_at,
        row_number() OVER (PARTITION BY item_key ORDER BY source_key IS NULL, target_key) AS n
    FROM derived.state.joint_work
    WHERE target_amount <> 0
    UNION ALL
    SELECT
        (SELECT contracts FROM derived.state.known),
        item_key,
        item_key,
        project_code,
        legal_entity,
        currency,
        coalesce(completed_on, due),
        amount,
        completed_at,
        completed_at,
        1
    FROM derived.state.milestone
    WHERE completed_at IS NOT NULL AND amount <> 0
), target AS (
    SELECT
        system,
        item_key,
        coalesce(credits, invoice_key) AS key,
        min(project_key) AS project_key,
        min(legal_entity) AS legal_entity,
        min(currency) AS currency,
        min(issued_on) AS day,
        CAST(sum(amount) AS DECIMAL(18,2)) AS amount,
        row_number() OVER (PARTITION BY item_key ORDER BY min(issued_on), coalesce(credits, invoice_key)) AS n
    FROM derived.state.mart_invoice_line
    WHERE stands AND item_key IS NOT NULL
    GROUP BY system, item_key, coalesce(credits, invoice_key)
)
SELECT
    'billing' AS flow,
    s.system AS source,
    t.system AS target,
    'invoice_line' AS entity,
    coalesce(s.item_key, t.item_key) AS item_key,
    s.key AS source_key,
    t.key AS target_key,
    coalesce(s.project_key, t.project_key) AS project_key,
    coalesce(s.legal_entity, t.legal_entity) AS legal_entity,
    coalesce(s.currency, t.currency) AS currency,
    coalesce(s.day, t.day) AS day,
    coalesce(t.legal_entity, s.legal_entity) AS target_legal_entity,
    coalesce(t.currency, s.currency) AS target_currency,
    coalesce(s.day, t.day) AS target_day,
    s.amount AS source_amount,
    t.amount AS target_amount,
    NULL::DECIMAL(18,2) AS source_hours,
    NULL::DECIMAL(18,2) AS target_hours,
    CASE
        WHEN s.key IS NULL OR t.key IS NULL THEN NULL
        WHEN s.amount = t.amount
            AND NOT coalesce(s.currency <> t.currency, false)
            AND NOT coalesce(s.legal_entity <> t.legal_entity, false)
            THEN []
        ELSE list_filter([
            {'field': 'amount', 'source': CAST(s.amount AS VARCHAR), 'target': CAST(t.amount AS VARCHAR)},
            {'field': 'currency', 'source': s.currency, 'target': t.currency},
            {'field': 'legal entity', 'source': s.legal_entity, 'target': t.legal_entity}
        ], lambda one: coalesce(one.source <> one.target, false))
    END AS differs,
    s.made_at AS changed_at,
    s.seen_at AS source_seen,
    CAST(t.day AS TIMESTAMPTZ) AS made_at,
    CAST(t.day AS TIMESTAMPTZ) AS target_seen,
    s.key IS NULL AND t.n > 1 AS doubled
FROM source s
FULL JOIN target t ON t.item_key = s.item_key AND t.n = s.n;
