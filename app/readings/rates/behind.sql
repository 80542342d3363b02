-- records: what open cases leave of a figure, record by record, those that move it most first
WITH measured AS (
    SELECT
        *,
        [
            revenue - cost, least(revenue, 0), revenue, utilised, ready, unbilled, lost, billed, backlog
        ][$measure] AS amount
    FROM mart_doubt
), side AS (
    SELECT
        entity,
        item_key,
        case_id,
        cause,
        project_key,
        legal_entity,
        coalesce(sum(amount) FILTER (world = 'adjusted'), 0)::DECIMAL(18,2) AS adjusted,
        coalesce(sum(amount) FILTER (world = 'against'), 0)::DECIMAL(18,2) AS against,
        coalesce(sum(amount) FILTER (world = 'for'), 0)::DECIMAL(18,2) AS favour
    FROM measured
    GROUP BY ALL
)
SELECT *, count(*) OVER ()::BIGINT AS of_all
FROM side
WHERE adjusted <> 0 OR against <> 0 OR favour <> 0
ORDER BY greatest(abs(favour), abs(against), abs(adjusted)) DESC, entity, item_key
LIMIT $limit OFFSET $offset

-- cases: the same summed by their cases
WITH measured AS (
    SELECT
        *,
        [
            revenue - cost, least(revenue, 0), revenue, utilised, ready, unbilled, lost, billed, backlog
        ][$measure] AS amount
    FROM mart_doubt
)
SELECT
    case_id,
    cause,
    count(DISTINCT item_key)::BIGINT AS records,
    coalesce(sum(amount) FILTER (world = 'adjusted'), 0)::DECIMAL(18,2) AS adjusted,
    coalesce(sum(amount) FILTER (world = 'against'), 0)::DECIMAL(18,2) AS against,
    coalesce(sum(amount) FILTER (world = 'for'), 0)::DECIMAL(18,2) AS favour
FROM measured
WHERE amount <> 0
GROUP BY case_id, cause
ORDER BY greatest(abs(favour), abs(against), abs(adjusted)) DESC, case_id
