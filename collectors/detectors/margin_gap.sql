-- differs: work that PSA and ERP both hold, on whose margin they differ, and nothing else says why, for ten minutes
WITH project AS (
    SELECT
        project_key,
        any_value(name) AS name,
        sum(psa_margin_reporting) AS psa_margin,
        sum(erp_margin_reporting) AS erp_margin
    FROM mart_margin
    GROUP BY project_key
)
SELECT g.*, p.name, p.psa_margin, p.erp_margin, w.customer_key
FROM mart_margin_gap g
LEFT JOIN project p ON p.project_key = g.project_key
LEFT JOIN mart_work w ON w.item_key = g.item_key
WHERE g.why IN ('bill', 'cost') AND NOT g.told AND g.compared AND g.since < {now} - INTERVAL 10 MINUTE;
