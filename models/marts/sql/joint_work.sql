/*
Approved time and expenses beside what the ERP holds of each: one row a pair, or a side that stands alone.

What stands of the postings is paired (README, "What stands"). Of several of one item the newest is the item's own, the
others stand alone. An amount is hours x bill rate, or what was spent; 0 where the customer does not pay. What the entry
leaves open (its rate, its company) is as it was posted.

grain: entity, item_key, source_key, target_key
granule: item_key
within: item.item_key

    flow                 VARCHAR        -         which flow carries it
    source               VARCHAR        -         the system it comes from; none for a posting without an item
    target               VARCHAR        -         the system it goes to; none where nothing arrived
    entity               VARCHAR        -         time_entry or expense
    item_key             VARCHAR        -         the item's key
    source_key           VARCHAR        -         of the source's record; none where there is none
    target_key           VARCHAR        -         of the target's record; none where there is none
    project_key          VARCHAR        -         the source's word first
    legal_entity         VARCHAR        -         of the source's record
    currency             VARCHAR        ISO 4217  of the source's record
    day                  DATE           day       of the source's record
    target_legal_entity  VARCHAR        -         of the target's record
    target_currency      VARCHAR        ISO 4217  of the target's record
    target_day           DATE           day       of the target's record
    source_amount        DECIMAL(18,2)  currency  what the customer pays for it by the source
    target_amount        DECIMAL(18,2)  currency  and by the target
    source_hours         DECIMAL(18,2)  h         of time only
    target_hours         DECIMAL(18,2)  h         of time only
    differs              STRUCT[]       -         field, source and target where the two say different things
    changed_at           TIMESTAMPTZ    UTC       the source's last change
    source_seen          TIMESTAMPTZ    UTC       when the source was seen to have it so
    made_at              TIMESTAMPTZ    UTC       when the target took it
    target_seen          TIMESTAMPTZ    UTC       when the target was seen to have it so
    doubled              BOOLEAN        -         a second record of an item that has its own
*/

-- touched: items of which a record is another, or a reversal of one, or the company of their project
SELECT item_key FROM derived.moved.item
UNION ALL
SELECT item_key FROM derived.moved.undone
UNION ALL
SELECT j.item_key
FROM derived.state.joint_work j
SEMI JOIN derived.moved.mart_project p ON p.project_key = j.project_key;

-- joint_work: each approved item with its posting, item by item
CREATE OR REPLACE TABLE derived.state.joint_work AS
WITH held AS (  -- what stands of each posting, with what the customer pays for it
    SELECT
        i.* REPLACE (
            coalesce(u.hours, i.hours) AS hours,
            CAST(coalesce(u.amount, i.amount) AS DECIMAL(18,2)) AS amount
        ),
        coalesce(u.money, derived.state.charged(i.kind, i.billable, i.hours, i.bill_rate, i.amount)) AS money
    FROM derived.state.item i
    LEFT JOIN derived.state.undone u ON u.system = i.system AND u.kind = i.kind AND u.system_id = i.system_id
    WHERE i.role = 'erp' AND coalesce(u.stands, true)
), target AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY kind, item_key ORDER BY reversal, length(key) DESC, key DESC, system) AS n
    FROM held
), source AS (
    SELECT *, row_number() OVER (PARTITION BY kind, item_key ORDER BY system, observed_at) AS n
    FROM derived.state.item
    WHERE role = 'psa' AND approval = 'approved'
), several AS (
    SELECT DISTINCT kind, item_key FROM target WHERE n > 1
), owned AS (  -- of these those that have their own: what stands beside it is doubled, and without one nothing is; few
    SELECT DISTINCT s.kind, s.item_key FROM source s SEMI JOIN several USING (kind, item_key)
), pair AS (
    SELECT
        coalesce(s.kind, t.kind) AS kind,
        coalesce(s.item_key, t.item_key) AS item_key,
        coalesce(s.project_code, t.project_code) AS project_key,
        CAST(CASE
            WHEN s.key IS NULL THEN NULL
            WHEN NOT s.billable THEN 0
            WHEN s.kind = 'time' THEN derived.state.cents(s.hours * coalesce(s.bill_rate, t.bill_rate, 0))
            ELSE coalesce(s.amount, 0)
        END AS DECIMAL(18,2)) AS source_amount,
        s,
        t
    FROM source s
    FULL JOIN target t ON t.kind = s.kind AND t.item_key = s.item_key AND t.n = s.n
)
SELECT
    'time-to-bill' AS flow,
    s.system AS source,
    t.system AS target,
    CASE kind WHEN 'time' THEN 'time_entry' ELSE 'expense' END AS entity,
    item_key,
    s.key AS source_key,
    t.key AS target_key,
    pair.project_key,
    coalesce(s.legal_entity, t.legal_entity, p.legal_entity) AS legal_entity,
    coalesce(s.currency, t.currency) AS currency,
    coalesce(s.work_date, t.work_date) AS day,
    coalesce(t.legal_entity, s.legal_entity, p.legal_entity) AS target_legal_entity,
    coalesce(t.currency, s.currency) AS target_currency,
    coalesce(t.work_date, s.work_date) AS target_day,
    source_amount,
    t.money AS target_amount,
    CAST(s.hours AS DECIMAL(18,2)) AS source_hours,
    CAST(t.hours AS DECIMAL(18,2)) AS target_hours,
    -- Written out only where something differs: nearly everything is the same.
    CASE
        WHEN s.key IS NULL OR t.key IS NULL THEN NULL
        WHEN source_amount = t.money
            AND coalesce(s.hours, 0) = coalesce(t.hours, 0)
            AND NOT coalesce(s.billable AND s.bill_rate <> t.bill_rate, false)
            AND NOT coalesce(s.project_code <> t.project_code, false)
            AND NOT coalesce(s.charge_code <> t.charge_code, false)
            AND NOT coalesce(s.resource_key <> t.resource_key, false)
            AND NOT coalesce(s.work_date <> t.work_date, false)
            AND NOT coalesce(s.currency <> t.currency, false)
            AND NOT coalesce(s.legal_entity <> t.legal_entity, false)
            AND s.billable = t.billable
            -- What nobody pays for costs the firm its amount all the same.
            AND (s.kind = 'time' OR s.billable OR coalesce(s.amount, 0) = coalesce(t.amount, 0))
            THEN []
        ELSE list_filter([
            {'field': 'amount', 'source': CAST(source_amount AS VARCHAR), 'target': CAST(t.money AS VARCHAR)},
            {
                'field': 'hours',
                'source': CAST(CAST(coalesce(s.hours, 0) AS DECIMAL(18,2)) AS VARCHAR),
                'target': CAST(CAST(coalesce(t.hours, 0) AS DECIMAL(18,2)) AS VARCHAR)
            },
            {
                'field': 'rate',
                'source': CASE WHEN s.billable THEN CAST(s.bill_rate AS VARCHAR) END,
                'target': CAST(t.bill_rate AS VARCHAR)
            },
            {
                'field': 'cost',
                'source': CASE WHEN s.kind = 'expense' AND NOT s.billable THEN CAST(s.amount AS VARCHAR) END,
                'target': CAST(t.amount AS VARCHAR)
            },
            {'field': 'project', 'source': s.project_code, 'target': t.project_code},
            {'field': 'code', 'source': s.charge_code, 'target': t.charge_code},
            {'field': 'person', 'source': s.resource_key, 'target': t.resource_key},
            {'field': 'date', 'source': CAST(s.work_date AS VARCHAR), 'target': CAST(t.work_date AS VARCHAR)},
            {'field': 'currency', 'source': s.currency, 'target': t.currency},
            {'field': 'legal entity', 'source': s.legal_entity, 'target': t.legal_entity},
            {'field': 'billable', 'source': CAST(s.billable AS VARCHAR), 'target': CAST(t.billable AS VARCHAR)}
        ], lambda one: coalesce(one.source <> one.target, false))
    END AS differs,
    greatest(s.changed_at, s.approved_at) AS changed_at,
    s.observed_at AS source_seen,
    t.created_at AS made_at,
    t.observed_at AS target_seen,
    s.key IS NULL AND o.item_key IS NOT NULL AS doubled
FROM pair
LEFT JOIN owned o USING (kind, item_key)
LEFT JOIN derived.state.mart_project p ON p.project_key = pair.project_key
-- A posting that names a system of which no work was ever shown says nothing: there is no joint with that system.
WHERE s.key IS NOT NULL
    OR NOT (starts_with(item_key, 'TE-') OR starts_with(item_key, 'EX-'))
    OR len(list_filter(
        (SELECT list(DISTINCT system) FROM derived.state.psa),
        lambda shown: starts_with(substr(item_key, 4), shown || '-')
    )) > 0;
