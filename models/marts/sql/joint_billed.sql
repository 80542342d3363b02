/*
What the ERP holds as posted, and milestones that are done, beside the invoices that bill them: one row a pair, or a
side that stands alone.

An invoice's record is all that its lines that stand say of one piece of work, less what credit memos took back of it.
Of work that is billed in parts each invoice has its part of the source: where they add up, all of them landed. Where
they do not, they take their parts in the order in which they were sent; the one that takes the last of it differs by
what is billed too much or too little, and what comes after that is doubled. Currencies are never added: of several the
source's own bills it, else the first of them, and what is billed in any other is doubled.
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
    source_amount        DECIMAL(18,2)  currency  what is posted, or the part of it that this invoice bills
    target_amount        DECIMAL(18,2)  currency  what is billed
    source_hours         DECIMAL(18,2)  h         none: what is billed is money
    target_hours         DECIMAL(18,2)  h         none
    differs              STRUCT[]       -         field, source and target where the two say different things
    changed_at           TIMESTAMPTZ    UTC       when the ERP took the posting, or the milestone was done
    source_seen          TIMESTAMPTZ    UTC       when the source was seen to have it so
    made_at              TIMESTAMPTZ    UTC       when the invoice was sent
    target_seen          TIMESTAMPTZ    UTC       when the invoice was sent
    doubled              BOOLEAN        -         an invoice of work that others bill already
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
), line AS (  -- it bills the posting that it names, else the work's own
    SELECT
        l.system,
        l.item_key,
        coalesce(named.key, own.key, '') AS source_key,
        any_value(coalesce(named.amount, own.amount)) AS owed,
        any_value(coalesce(named.currency, own.currency)) AS owed_in,
        coalesce(l.credits, l.invoice_key) AS key,
        min(l.project_key) AS project_key,
        min(l.legal_entity) AS legal_entity,
        l.currency,
        min(l.issued_on) AS day,
        CAST(sum(l.amount) AS DECIMAL(18,2)) AS amount
    FROM derived.state.mart_invoice_line l
    LEFT JOIN source named ON named.item_key = l.item_key AND named.key = l.posting_id
    LEFT JOIN source own ON own.item_key = l.item_key AND own.n = 1
    WHERE l.stands AND l.item_key IS NOT NULL
    GROUP BY l.system, l.item_key, l.currency, coalesce(named.key, own.key, ''), coalesce(l.credits, l.invoice_key)
), several AS (
    SELECT item_key, source_key FROM line GROUP BY item_key, source_key HAVING count(*) > 1
), numbered AS (  -- what takes back comes first: from there on what is billed only grows
    SELECT
        l.*,
        row_number() OVER billed AS n,
        first_value(l.currency) OVER currencies IS NOT DISTINCT FROM l.currency AS pays,
        sum(l.amount) OVER billed - l.amount AS before,
        count(*) OVER work AS invoices,
        sum(l.amount) OVER work AS whole
    FROM line l
    SEMI JOIN several s ON s.item_key = l.item_key AND s.source_key = l.source_key
    WINDOW
        currencies AS (
            PARTITION BY l.item_key, l.source_key ORDER BY l.currency = l.owed_in DESC NULLS LAST, l.day, l.key
        ),
        work AS (PARTITION BY l.item_key, l.source_key, l.currency),
        billed AS (
            PARTITION BY l.item_key, l.source_key, l.currency
            ORDER BY sign(l.amount) = coalesce(sign(l.owed), 1), l.day, l.key
            ROWS UNBOUNDED PRECEDING
        )
), target AS (  -- each with the part of its source that it bills: nothing is left for what comes after the whole
    SELECT l.*, l.owed AS part, l.source_key <> '' AS sourced, false AS doubled
    FROM line l
    ANTI JOIN several s ON s.item_key = l.item_key AND s.source_key = l.source_key
    UNION ALL BY NAME
    SELECT
        * EXCLUDE (n, pays, before, invoices, whole),
        CASE
            WHEN whole = owed THEN amount
            WHEN n = invoices OR abs(owed - before) <= abs(amount) AND sign(amount) = sign(owed) THEN owed - before
            ELSE amount
        END AS part,
        source_key <> '' AND pays AND (whole = owed OR sign(owed - before) = sign(owed)) AS sourced,
        n > 1 OR NOT pays AS doubled
    FROM numbered
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
    CASE WHEN t.sourced THEN CAST(t.part AS DECIMAL(18,2)) ELSE s.amount END AS source_amount,
    t.amount AS target_amount,
    NULL::DECIMAL(18,2) AS source_hours,
    NULL::DECIMAL(18,2) AS target_hours,
    CASE
        WHEN s.key IS NULL OR t.key IS NULL THEN NULL
        WHEN t.part = t.amount
            AND NOT coalesce(s.currency <> t.currency, false)
            AND NOT coalesce(s.legal_entity <> t.legal_entity, false)
            THEN []
        ELSE list_filter([
            {
                'field': 'amount',
                'source': CAST(CAST(t.part AS DECIMAL(18,2)) AS VARCHAR),
                'target': CAST(t.amount AS VARCHAR)
            },
            {'field': 'currency', 'source': s.currency, 'target': t.currency},
            {'field': 'legal entity', 'source': s.legal_entity, 'target': t.legal_entity}
        ], lambda one: coalesce(one.source <> one.target, false))
    END AS differs,
    s.made_at AS changed_at,
    s.seen_at AS source_seen,
    CAST(t.day AS TIMESTAMPTZ) AS made_at,
    CAST(t.day AS TIMESTAMPTZ) AS target_seen,
    s.key IS NULL AND t.doubled AS doubled
FROM source s
FULL JOIN target t ON t.item_key = s.item_key AND t.sourced AND t.source_key = s.key;
