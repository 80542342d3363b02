-- apart: what a source has of a thing and did not land, at each joint
SELECT
    flow,
    entity,
    item_key,
    currency,
    legal_entity,
    period,
    project_key,
    source,
    target,
    target_key,
    source_amount,
    place,
    case_id
FROM mart_tieout
WHERE item_key = $item_key
    AND ($kind = '' OR entity = $kind)
    AND source_key IS NOT NULL
    AND place <> 'landed'
ORDER BY flow, entity
