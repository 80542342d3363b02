-- totals: control totals of the months, flows, entities and companies asked for
SELECT
    flow,
    source,
    target,
    entity,
    legal_entity,
    currency,
    period,
    source_count,
    source_amount,
    landed_count,
    landed_amount,
    on_its_way_count,
    on_its_way_amount,
    cases_count,
    cases_amount,
    written_off_count,
    written_off_amount,
    unexplained_count,
    unexplained_amount,
    target_count,
    target_amount,
    unsourced_count,
    unsourced_amount,
    unowned_count,
    unowned_amount
FROM mart_totals
WHERE ($period = '' OR period = $period)
    AND (len($flows::VARCHAR[]) = 0 OR list_contains($flows::VARCHAR[], flow))
    AND (len($kinds::VARCHAR[]) = 0 OR list_contains($kinds::VARCHAR[], entity))
    AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], legal_entity))
ORDER BY period DESC NULLS LAST, flow, source, target, entity, legal_entity, currency

-- joints: each joint in the reporting currency, each record at the rate of its own day; what has none is counted
WITH counted AS (
    SELECT
        flow,
        source,
        target,
        entity,
        sum(source_count)::BIGINT AS source_count,
        sum(landed_count)::BIGINT AS landed_count,
        sum(on_its_way_count)::BIGINT AS on_its_way_count,
        sum(cases_count)::BIGINT AS cases_count,
        sum(written_off_count)::BIGINT AS written_off_count,
        sum(unexplained_count)::BIGINT AS unexplained_count,
        sum(target_count)::BIGINT AS target_count,
        sum(unsourced_count)::BIGINT AS unsourced_count,
        sum(unowned_count)::BIGINT AS unowned_count,
        count(*) FILTER (
            source_amount <> landed_amount + on_its_way_amount + cases_amount + written_off_amount + unexplained_amount
            OR source_count <> landed_count + on_its_way_count + cases_count + written_off_count + unexplained_count
            OR target_amount <> landed_amount + unsourced_amount
            OR target_count <> landed_count + unsourced_count
        )::BIGINT AS unbalanced
    FROM mart_totals
    WHERE $period = '' OR period = $period
    GROUP BY flow, source, target, entity
), worth AS (
    SELECT
        flow,
        source,
        target,
        entity,
        sum(source_reporting)::DECIMAL(18,2) AS source_reporting,
        sum(landed_reporting)::DECIMAL(18,2) AS landed_reporting,
        sum(on_its_way_reporting)::DECIMAL(18,2) AS on_its_way_reporting,
        sum(cases_reporting)::DECIMAL(18,2) AS cases_reporting,
        sum(written_off_reporting)::DECIMAL(18,2) AS written_off_reporting,
        sum(unexplained_reporting)::DECIMAL(18,2) AS unexplained_reporting,
        sum(target_reporting)::DECIMAL(18,2) AS target_reporting,
        sum(unsourced_reporting)::DECIMAL(18,2) AS unsourced_reporting,
        sum(unowned_reporting)::DECIMAL(18,2) AS unowned_reporting,
        sum(unconverted)::BIGINT AS unconverted
    FROM mart_joint
    WHERE $period = '' OR period = $period
    GROUP BY flow, source, target, entity
)
SELECT c.*, w.* EXCLUDE (flow, source, target, entity)
FROM counted c
JOIN worth w USING (flow, source, target, entity)
ORDER BY source_reporting DESC, flow, entity, source, target

-- periods: months to choose from, the newest first; of those to come, which milestones have, none
SELECT DISTINCT period
FROM mart_totals
WHERE period <= coalesce((SELECT max(period) FROM mart_today), period)
ORDER BY period DESC

-- ends: the last day of a period of each company; the one without a name is for whom nobody named
SELECT t.legal_entity, coalesce(c.last, last_day(TRY_CAST($month || '-01' AS DATE))) AS last, t.zone
FROM mart_today t
LEFT JOIN mart_calendar c ON c.legal_entity = t.legal_entity AND c.period = $month
ORDER BY t.legal_entity

-- firms: companies to choose from
SELECT DISTINCT legal_entity FROM mart_totals WHERE legal_entity IS NOT NULL ORDER BY legal_entity

-- records: what did not land; what nobody accounts for comes first, then the most money
SELECT
    flow,
    entity,
    item_key,
    source,
    source_key,
    target,
    target_key,
    project_key,
    legal_entity,
    currency,
    period,
    place,
    reason,
    source_amount,
    target_amount,
    source_hours,
    target_hours,
    differs,
    since,
    case_id,
    count(*) OVER ()::BIGINT AS of_all
FROM mart_tieout
WHERE place <> 'landed'
    AND ($period = '' OR period = $period OR target_period = $period)
    AND ($kind = '' OR entity = $kind)
    AND ($place = '' OR place = $place OR ($place = 'unsourced' AND target_key IS NOT NULL))
ORDER BY
    case_id IS NOT NULL OR place IN ('on_its_way', 'written_off'),
    greatest(abs(coalesce(source_amount, 0)), abs(coalesce(target_amount, 0))) DESC,
    entity,
    item_key,
    target_key
LIMIT $limit OFFSET $offset

-- closing: what of a month is not settled yet, in the reporting currency
SELECT
    count(*) FILTER (state = 'not_approved')::BIGINT AS unapproved_count,
    coalesce(sum(bill_reporting) FILTER (state = 'not_approved'), 0) AS unapproved_reporting,
    count(*) FILTER (state = 'blocked')::BIGINT AS blocked_count,
    coalesce(sum(bill_reporting) FILTER (state = 'blocked'), 0) AS blocked_reporting,
    count(*) FILTER (state = 'ready')::BIGINT AS ready_count,
    coalesce(sum(bill_reporting) FILTER (state = 'ready'), 0) AS ready_reporting
FROM mart_work
WHERE billable AND coalesce(period, strftime(work_date, '%Y-%m')) = $month
HAVING count(*) > 0

-- systems: up to when the lake shows what each system held
SELECT system, CASE WHEN bool_and(read_until IS NOT NULL) THEN min(read_until) END AS read_at
FROM mart_source
WHERE compared
GROUP BY system
ORDER BY read_at, system

-- sealed: control totals as they stood at the end of a day, each as it was sealed last until then
WITH told AS (  -- on a company's day no collector ran: each of its rows says so; of no company what is told of none
    SELECT legal_entity, status
    FROM records
    WHERE kind = 'totals' AND entity = 'day' AND (body->>'$.day') = $as_of
), others AS (
    SELECT min(status) AS status FROM told WHERE legal_entity IS NULL
), named AS (
    SELECT r.*, coalesce(t.status, o.status, '') = 'unwatched' AS unwatched
    FROM records r
    CROSS JOIN others o
    LEFT JOIN told t ON t.legal_entity = r.legal_entity
)
SELECT
    flow,
    body->>'$.source' AS source,
    body->>'$.target' AS target,
    entity,
    legal_entity,
    currency,
    body->>'$.period' AS period,
    (body->>'$.source_count')::BIGINT AS source_count,
    (body->>'$.source_amount')::DECIMAL(18,2) AS source_amount,
    (body->>'$.landed_count')::BIGINT AS landed_count,
    (body->>'$.landed_amount')::DECIMAL(18,2) AS landed_amount,
    (body->>'$.on_its_way_count')::BIGINT AS on_its_way_count,
    (body->>'$.on_its_way_amount')::DECIMAL(18,2) AS on_its_way_amount,
    (body->>'$.cases_count')::BIGINT AS cases_count,
    (body->>'$.cases_amount')::DECIMAL(18,2) AS cases_amount,
    (body->>'$.written_off_count')::BIGINT AS written_off_count,
    (body->>'$.written_off_amount')::DECIMAL(18,2) AS written_off_amount,
    (body->>'$.unexplained_count')::BIGINT AS unexplained_count,
    (body->>'$.unexplained_amount')::DECIMAL(18,2) AS unexplained_amount,
    (body->>'$.target_count')::BIGINT AS target_count,
    (body->>'$.target_amount')::DECIMAL(18,2) AS target_amount,
    (body->>'$.unsourced_count')::BIGINT AS unsourced_count,
    (body->>'$.unsourced_amount')::DECIMAL(18,2) AS unsourced_amount,
    (body->>'$.unowned_count')::BIGINT AS unowned_count,
    (body->>'$.unowned_amount')::DECIMAL(18,2) AS unowned_amount,
    body->>'$.day' AS day,
    CASE WHEN unwatched THEN 'unwatched' ELSE status END AS status,
    CASE WHEN unwatched THEN 'no collector ran that day: as sealed last before' ELSE body->>'$.reason' END AS reason
FROM named
WHERE kind = 'totals'
    AND entity <> 'day'
    AND (body->>'$.day') <= $as_of
    AND ($period = '' OR (body->>'$.period') = $period)
    AND (len($flows::VARCHAR[]) = 0 OR list_contains($flows::VARCHAR[], flow))
    AND (len($kinds::VARCHAR[]) = 0 OR list_contains($kinds::VARCHAR[], entity))
    AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], legal_entity))
QUALIFY row_number() OVER (
    PARTITION BY flow, source, target, entity, legal_entity, currency, period
    ORDER BY business_key DESC, occurred_at DESC
) = 1
ORDER BY period DESC NULLS LAST, flow, source, target, entity, legal_entity, currency

-- restated: totals of months that had ended when they changed, the newest first
SELECT
    body->>'$.day' AS day,
    body->>'$.period' AS period,
    flow,
    entity,
    body->>'$.source' AS source,
    body->>'$.target' AS target,
    legal_entity,
    body->>'$.reason' AS reason
FROM records
WHERE kind = 'totals' AND status = 'restated' AND ($period = '' OR (body->>'$.period') = $period)
ORDER BY business_key DESC, flow, entity, legal_entity
LIMIT $limit
