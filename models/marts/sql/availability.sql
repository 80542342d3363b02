/*
How many hours people could have worked in the weeks that utilisation looks at.

grain: resource_key

    resource_key   VARCHAR        -  who
    legal_entity   VARCHAR        -  which company of the firm employs the person
    gross_hours    DECIMAL(18,2)  h  as contracted, on the company's working days
    holiday_hours  DECIMAL(18,2)  h  of these on the company's holidays
    leave_hours    DECIMAL(18,2)  h  of these vacation, sick leave and other time off
*/

-- availability: contracted hours by what masters people, less holidays and leave on the same days
CREATE OR REPLACE TABLE derived.state.availability AS
WITH person AS (
    SELECT key, legal_entity, weekly_hours
    FROM derived.state.resource
    WHERE active AND weekly_hours IS NOT NULL
    QUALIFY row_number() OVER (
        PARTITION BY key ORDER BY CASE role WHEN 'hcm' THEN 1 WHEN 'erp' THEN 2 ELSE 3 END, system
    ) = 1
), weeks AS (
    SELECT week_from, week_to, (week_to - week_from) // 7 * 5 AS days FROM derived.state.span
), closed AS (
    SELECT h.legal_entity, count(*) AS days
    FROM derived.state.closed_day h
    CROSS JOIN weeks w
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = h.legal_entity
    WHERE h.day >= w.week_from AND h.day < w.week_to
        AND NOT contains(coalesce(z.weekend, '67'), CAST(isodow(h.day) AS VARCHAR))
    GROUP BY h.legal_entity
), away AS (
    SELECT l.resource_key, sum(l.hours) AS hours
    FROM derived.state.leave l
    CROSS JOIN weeks w
    LEFT JOIN derived.state.closed_day h ON h.legal_entity = l.legal_entity AND h.day = l.day
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = l.legal_entity
    WHERE l.day >= w.week_from AND l.day < w.week_to AND h.day IS NULL
        AND NOT contains(coalesce(z.weekend, '67'), CAST(isodow(l.day) AS VARCHAR))
    GROUP BY l.resource_key
)
SELECT
    p.key AS resource_key,
    p.legal_entity,
    CAST(p.weekly_hours / 5 * w.days AS DECIMAL(18,2)) AS gross_hours,
    CAST(p.weekly_hours / 5 * coalesce(c.days, 0) AS DECIMAL(18,2)) AS holiday_hours,
    CAST(coalesce(a.hours, 0) AS DECIMAL(18,2)) AS leave_hours
FROM person p
CROSS JOIN weeks w
LEFT JOIN closed c ON c.legal_entity = p.legal_entity
LEFT JOIN away a ON a.resource_key = p.key
WHERE w.days > 0;
