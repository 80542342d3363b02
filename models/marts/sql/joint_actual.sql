/*
What the ERP's records of a project come to in an accounting period, beside what the portfolio shows as its actuals: one
row a measure of a pair, or of a side that stands alone. Cost, revenue and what is billed are compared each by itself,
in each currency; hours with the cost.

The source is counted from the records, not read from what the ERP stated of itself. Of several revisions the newest
that nobody superseded is the portfolio's word, any other beside it is doubled.

grain: entity, item_key, source_key, target_key

    flow                 VARCHAR        -         which flow carries it
    source               VARCHAR        -         the ERP; none for what its records do not know
    target               VARCHAR        -         the portfolio; none where nothing arrived
    entity               VARCHAR        -         actual_cost, actual_revenue or actual_billed
    item_key             VARCHAR        -         <first day>:<currency>:<company>:<project>
    source_key           VARCHAR        -         the same; none where there is no record
    target_key           VARCHAR        -         of the portfolio's revision; none where there is none
    project_key          VARCHAR        -         the project
    legal_entity         VARCHAR        -         whose books
    currency             VARCHAR        ISO 4217  of the amounts
    day                  DATE           day       the first of the accounting period
    target_legal_entity  VARCHAR        -         the same by the portfolio
    target_currency      VARCHAR        ISO 4217  the same by the portfolio
    target_day           DATE           day       the same by the portfolio
    source_amount        DECIMAL(18,2)  currency  what the records come to
    target_amount        DECIMAL(18,2)  currency  what the portfolio shows
    source_hours         DECIMAL(18,2)  h         of actual_cost only
    target_hours         DECIMAL(18,2)  h         of actual_cost only
    differs              STRUCT[]       -         field, source and target where the two say different things
    changed_at           TIMESTAMPTZ    UTC       when the newest of the records was seen
    source_seen          TIMESTAMPTZ    UTC       the same
    made_at              TIMESTAMPTZ    UTC       when the portfolio took its revision
    target_seen          TIMESTAMPTZ    UTC       when it was seen there
    doubled              BOOLEAN        -         a second revision that counts
*/

-- joint_actual: each measure of each statement, both ways
CREATE OR REPLACE TABLE derived.state.joint_actual AS
WITH said AS (
    SELECT
        system,
        project_code,
        legal_entity,
        work_date AS day,
        unnest([
            {
                'entity': 'actual_cost',
                'currency': CASE kind WHEN 'time' THEN cost_currency ELSE currency END,
                'amount': CASE kind WHEN 'time' THEN derived.state.cents(hours * cost_rate) ELSE amount END,
                'hours': CASE WHEN kind = 'time' AND cost_rate IS NOT NULL THEN hours END
            },
            {
                'entity': 'actual_revenue',
                'currency': currency,
                'amount': CASE
                    WHEN billable AND kind = 'time' THEN derived.state.cents(hours * bill_rate)
                    WHEN billable THEN amount
                END,
                'hours': CASE WHEN kind = 'time' AND cost_rate IS NULL THEN hours END
            }
        ]) AS one,
        observed_at
    FROM derived.state.item
    WHERE role = 'erp'
    UNION ALL
    SELECT
        d.system,
        d.project_code,
        d.legal_entity,
        d.issued_on,
        {
            'entity': 'actual_billed',
            'currency': l.currency,
            'amount': CASE l.document WHEN 'invoice' THEN l.amount ELSE -l.amount END,
            'hours': NULL
        },
        d.observed_at
    FROM (
        SELECT 'invoice' AS document, * FROM derived.state.invoice
        UNION ALL BY NAME
        SELECT 'credit_memo' AS document, * FROM derived.state.credit_memo
    ) d
    JOIN derived.state.invoice_line l
        ON l.system = d.system AND l.document = d.document AND l.system_id = d.system_id
    WHERE d.status NOT IN ('void', 'draft') AND coalesce(l.kind <> 'tax', true)
), booked AS (
    SELECT
        s.system,
        s.project_code,
        s.legal_entity,
        s.one.entity AS entity,
        s.one.currency AS currency,
        coalesce(p.first, CAST(date_trunc('month', s.day) AS DATE)) AS starts_on,
        s.one.amount AS amount,
        s.one.hours AS hours,
        s.observed_at
    FROM said s
    LEFT JOIN derived.state.mart_period p
        ON p.system = s.system AND p.legal_entity = s.legal_entity AND s.day BETWEEN p.first AND p.last
    WHERE s.project_code IS NOT NULL AND s.legal_entity IS NOT NULL AND s.one.amount IS NOT NULL
), summed AS (
    SELECT
        min(system) AS system,
        entity,
        strftime(starts_on, '%Y-%m-%d') || ':' || currency || ':' || legal_entity || ':' || project_code AS key,
        project_code,
        legal_entity,
        currency,
        starts_on,
        CAST(sum(amount) AS DECIMAL(18,2)) AS amount,
        coalesce(sum(hours), 0) AS hours,
        max(observed_at) AS observed_at
    FROM booked
    GROUP BY ALL
), source AS (
    SELECT * EXCLUDE (hours), CAST(sum(hours) OVER (PARTITION BY key) AS DECIMAL(18,2)) AS hours FROM summed
), standing AS (
    SELECT *, row_number() OVER (PARTITION BY system, key ORDER BY revision DESC, system_id DESC) AS n
    FROM derived.state.actual
    WHERE role = 'ppm' AND status <> 'superseded'
), target AS (
    SELECT
        system,
        key,
        system_id,
        project_code,
        legal_entity,
        currency,
        starts_on,
        unnest(['actual_cost', 'actual_revenue', 'actual_billed']) AS entity,
        unnest([cost, revenue, billed]) AS amount,
        unnest([hours, NULL, NULL]) AS hours,
        coalesce(stated_at, observed_at) AS stated_at,
        observed_at,
        n
    FROM standing
)
SELECT
    'portfolio-actuals' AS flow,
    s.system AS source,
    t.system AS target,
    coalesce(s.entity, t.entity) AS entity,
    coalesce(s.key, t.key) AS item_key,
    s.key AS source_key,
    t.system_id AS target_key,
    coalesce(s.project_code, t.project_code) AS project_key,
    coalesce(s.legal_entity, t.legal_entity) AS legal_entity,
    coalesce(s.currency, t.currency) AS currency,
    coalesce(s.starts_on, t.starts_on) AS day,
    coalesce(t.legal_entity, s.legal_entity) AS target_legal_entity,
    coalesce(t.currency, s.currency) AS target_currency,
    coalesce(t.starts_on, s.starts_on) AS target_day,
    s.amount AS source_amount,
    t.amount AS target_amount,
    CASE WHEN s.entity = 'actual_cost' THEN s.hours END AS source_hours,
    t.hours AS target_hours,
    CASE
        WHEN s.key IS NULL OR t.key IS NULL THEN NULL
        ELSE list_filter([
            {'field': 'amount', 'source': CAST(s.amount AS VARCHAR), 'target': CAST(t.amount AS VARCHAR)},
            {
                'field': 'hours',
                'source': CASE WHEN s.entity = 'actual_cost' THEN CAST(s.hours AS VARCHAR) END,
                'target': CAST(t.hours AS VARCHAR)
            }
        ], lambda one: coalesce(one.source <> one.target, false))
    END AS differs,
    s.observed_at AS changed_at,
    s.observed_at AS source_seen,
    t.stated_at AS made_at,
    t.observed_at AS target_seen,
    s.key IS NULL AND t.n > 1 AS doubled
FROM source s
FULL JOIN target t ON t.entity = s.entity AND t.key = s.key AND t.n = 1
-- While no portfolio shows actuals nobody states any; a measure of which there is nothing on either side says nothing.
WHERE EXISTS (FROM derived.state.seen_at WHERE role = 'ppm' AND entity = 'actual')
    AND (s.key IS NOT NULL OR t.amount <> 0);
