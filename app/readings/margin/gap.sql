-- gaps: what the difference on each project is made of: what a gate, a case or the tie-out says already, and the rest
SELECT
    project_key,
    count(*) FILTER (why <> 'rounding')::BIGINT AS records,
    coalesce(sum(difference_reporting) FILTER (told), 0)::DECIMAL(18,2) AS told,
    coalesce(sum(difference_reporting) FILTER (NOT told AND why = 'rounding'), 0)::DECIMAL(18,2) AS rounding,
    coalesce(sum(difference_reporting) FILTER (NOT told AND why <> 'rounding'), 0)::DECIMAL(18,2) AS apart
FROM mart_margin_gap
WHERE month >= $since::DATE
GROUP BY project_key

-- records: the records behind the difference on one project, those that make the most of it first
SELECT
    g.entity,
    g.item_key,
    g.project_key,
    g.legal_entity,
    g.period,
    g.why,
    g.told,
    w.blocker,
    g.psa_margin_reporting AS psa_margin,
    g.erp_margin_reporting AS erp_margin,
    g.difference_reporting AS difference,
    count(*) OVER ()::BIGINT AS of_all
FROM mart_margin_gap g
LEFT JOIN mart_work w ON w.item_key = g.item_key
WHERE g.month >= $since::DATE AND g.project_key = $project
ORDER BY abs(g.difference_reporting) DESC, g.entity, g.item_key, g.month
LIMIT $limit OFFSET $offset
