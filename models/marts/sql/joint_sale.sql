/*
What the CRM sold beside the ERP's order and the portfolio's budget, and each milestone beside the order's line: one row
a pair, or a side that stands alone.

Of several orders of one project the one that bears its code, else the newest, is the sale's; the others stand alone.

grain: entity, item_key, source_key, target_key

    flow                 VARCHAR        -         which flow carries it
    source               VARCHAR        -         the CRM; none for what nobody sold
    target               VARCHAR        -         the system it goes to; none where nothing arrived
    entity               VARCHAR        -         contract, budget or milestone
    item_key             VARCHAR        -         the project's code; of a milestone MS-<project>-<milestone>
    source_key           VARCHAR        -         of the source's record; none where there is none
    target_key           VARCHAR        -         of the target's record; none where there is none
    project_key          VARCHAR        -         the project that was sold
    legal_entity         VARCHAR        -         of the source's record
    currency             VARCHAR        ISO 4217  of the source's record
    day                  DATE           day       when the sale was won, where its company is; or due
    target_legal_entity  VARCHAR        -         of the target's record
    target_currency      VARCHAR        ISO 4217  of the target's record
    target_day           DATE           day       of the target's record; that of the sale where it says none
    source_amount        DECIMAL(18,2)  currency  what was sold
    target_amount        DECIMAL(18,2)  currency  what the target holds of it
    source_hours         DECIMAL(18,2)  h         none: a sale is compared by its money
    target_hours         DECIMAL(18,2)  h         none
    differs              STRUCT[]       -         field, source and target where the two say different things
    changed_at           TIMESTAMPTZ    UTC       the source's last change
    source_seen          TIMESTAMPTZ    UTC       when the source was seen to have it so
    made_at              TIMESTAMPTZ    UTC       when the target was seen to take it
    target_seen          TIMESTAMPTZ    UTC       when the target was seen to have it so
    doubled              BOOLEAN        -         a second record of a sale that has its own
*/

-- joint_sale: each sale with its order, its budget and its milestones, record by record
CREATE OR REPLACE TABLE derived.state.joint_sale AS
WITH shown AS (
    -- Of a system that shows no orders, or no budgets, nothing is known: there is no joint.
    SELECT unnest(CASE entity WHEN 'budget' THEN ['budget'] ELSE ['contract', 'milestone'] END) AS entity
    FROM derived.state.seen_at
    WHERE (role, entity) IN (('erp', 'contract'), ('ppm', 'budget'))
), sold AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY key ORDER BY first_seen, closed_at NULLS LAST, system, system_id) AS n
    FROM derived.state.project
    WHERE role = 'crm'
), lines AS (
    SELECT project_code, milestones, 'source' AS side, '' AS system, '' AS key FROM derived.state.sale
    UNION ALL
    SELECT project_code, milestones, 'target', system, key FROM derived.state.contract WHERE role = 'erp'
), listed AS (
    SELECT project_code, side, system, key, unnest(from_json(milestones, '[{
        "milestone_id": "VARCHAR",
        "due": "VARCHAR",
        "amount": {"amount": "VARCHAR", "currency": "VARCHAR"}
    }]')) AS m
    FROM lines
    WHERE json_valid(milestones) AND json_type(milestones) = 'ARRAY' AND project_code IS NOT NULL
), milestone AS (
    SELECT
        side,
        l.system,
        l.key,
        project_code,
        'MS-' || project_code || '-' || m.milestone_id AS item_key,
        TRY_CAST(coalesce(c.value, m.amount.amount) AS DECIMAL(18,2)) AS amount,
        m.amount.currency AS currency,
        TRY_CAST(m.due AS DATE) AS due,
        row_number() OVER (
            PARTITION BY side, project_code, m.milestone_id
            ORDER BY (l.key = 'CT-' || project_code) DESC, l.system, l.key
        ) AS n
    FROM listed l
    LEFT JOIN derived.state.cleared c ON c.sealed = m.amount.amount
), source AS (
    SELECT
        unnest(['contract', 'budget']) AS entity,
        system,
        key AS item_key,
        key,
        key AS project_key,
        legal_entity,
        value AS amount,
        currency,
        CAST(closed_at AT TIME ZONE coalesce(z.zone, 'UTC') AS DATE) AS day,
        observed_at,
        target_margin IS NOT NULL AS governed,
        n
    FROM sold
    LEFT JOIN derived.state.legal_entity z USING (legal_entity)
    UNION ALL
    SELECT
        'milestone',
        s.system,
        m.item_key,
        m.item_key,
        m.project_code,
        s.legal_entity,
        m.amount,
        m.currency,
        m.due,
        s.observed_at,
        true,
        m.n
    FROM milestone m
    JOIN sold s ON s.key = m.project_code AND s.n = 1
    WHERE m.side = 'source'
), held AS (
    SELECT
        'contract' AS entity,
        system,
        coalesce(project_code, key) AS item_key,
        key,
        coalesce(project_code, key) AS project_key,
        legal_entity,
        value AS amount,
        currency,
        NULL::DATE AS day,
        row_number() OVER (
            PARTITION BY coalesce(project_code, key)
            ORDER BY (key = 'CT-' || project_code) DESC, system, length(key) DESC, key DESC
        ) AS n
    FROM derived.state.contract
    WHERE role = 'erp'
    UNION ALL
    SELECT
        'budget',
        system,
        project_code,
        key,
        project_code,
        NULL,
        value,
        currency,
        NULL,
        row_number() OVER (PARTITION BY project_code ORDER BY (key = project_code) DESC, system, key)
    FROM derived.state.budget
    WHERE role = 'ppm'
    UNION ALL
    SELECT 'milestone', system, item_key, key, project_code, NULL, amount, currency, due, n
    FROM milestone
    WHERE side = 'target'
), target AS (
    SELECT h.*, p.observed_at
    FROM held h
    LEFT JOIN (
        SELECT system, entity, key, max(observed_at) AS observed_at
        FROM derived.state.sale_place
        WHERE entity IN ('contract', 'budget')
        GROUP BY ALL
    ) p ON p.system = h.system AND p.key = h.key
        AND p.entity = CASE h.entity WHEN 'budget' THEN 'budget' ELSE 'contract' END
)
SELECT
    'quote-to-project' AS flow,
    s.system AS source,
    t.system AS target,
    coalesce(s.entity, t.entity) AS entity,
    coalesce(s.item_key, t.item_key) AS item_key,
    s.key AS source_key,
    t.key AS target_key,
    coalesce(s.project_key, t.project_key) AS project_key,
    coalesce(s.legal_entity, t.legal_entity) AS legal_entity,
    coalesce(s.currency, t.currency) AS currency,
    coalesce(s.day, t.day, CAST(t.observed_at AT TIME ZONE coalesce(z.zone, 'UTC') AS DATE)) AS day,
    coalesce(t.legal_entity, s.legal_entity) AS target_legal_entity,
    coalesce(t.currency, s.currency) AS target_currency,
    coalesce(t.day, s.day, CAST(t.observed_at AT TIME ZONE coalesce(z.zone, 'UTC') AS DATE)) AS target_day,
    CAST(CASE WHEN s.key IS NOT NULL THEN coalesce(s.amount, 0) END AS DECIMAL(18,2)) AS source_amount,
    CAST(CASE WHEN t.key IS NOT NULL THEN coalesce(t.amount, 0) END AS DECIMAL(18,2)) AS target_amount,
    NULL::DECIMAL(18,2) AS source_hours,
    NULL::DECIMAL(18,2) AS target_hours,
    CASE
        WHEN s.key IS NULL OR t.key IS NULL THEN NULL
        ELSE list_filter([
            {
                'field': 'amount',
                'source': CAST(CAST(coalesce(s.amount, 0) AS DECIMAL(18,2)) AS VARCHAR),
                'target': CAST(CAST(coalesce(t.amount, 0) AS DECIMAL(18,2)) AS VARCHAR)
            },
            {'field': 'currency', 'source': s.currency, 'target': t.currency},
            {'field': 'date', 'source': CAST(s.day AS VARCHAR), 'target': CAST(t.day AS VARCHAR)},
            {'field': 'legal entity', 'source': s.legal_entity, 'target': t.legal_entity}
        ], lambda one: coalesce(one.source <> one.target, false))
    END AS differs,
    s.observed_at AS changed_at,
    s.observed_at AS source_seen,
    t.observed_at AS made_at,
    t.observed_at AS target_seen,
    s.key IS NULL AND bool_or(s.key IS NOT NULL) OVER (
        PARTITION BY coalesce(s.entity, t.entity), coalesce(s.item_key, t.item_key)
    ) AS doubled
FROM source s
FULL JOIN target t ON t.entity = s.entity AND t.item_key = s.item_key AND t.n = s.n
LEFT JOIN derived.state.legal_entity z ON z.legal_entity = coalesce(s.legal_entity, t.legal_entity)
-- A sale without a target margin gets no budget.
WHERE (s.key IS NULL OR t.key IS NOT NULL OR s.entity <> 'budget' OR s.governed)
    AND coalesce(s.entity, t.entity) IN (SELECT entity FROM shown);
