/*
What day it is for each company of the firm, in its zone, and which of its accounting periods that day is in. The row
without a name is for companies that nobody told of: UTC, and months.

grain: legal_entity

    legal_entity  VARCHAR  -    which company of the firm; empty: any other
    today         DATE     day  the day that it is there
    period        VARCHAR  -    the period of that day: YYYY-MM, of a fiscal year of weeks its year and number
    period_from   DATE     day  its first day
    last_from     DATE     day  the first day of the period before
    quarter_from  DATE     day  the first day of its quarter, three periods of a fiscal year
    zone          VARCHAR  -    by which its days are told
*/

-- mart_today: by the zone and the fiscal year that the catalogue names
CREATE OR REPLACE TABLE derived.state.mart_today AS
WITH company AS (
    SELECT legal_entity, year, zone, CAST({now} AT TIME ZONE zone AS DATE) AS today FROM derived.state.legal_entity
    UNION ALL
    SELECT '', NULL, 'UTC', CAST({now} AT TIME ZONE 'UTC' AS DATE)
), quarter AS (
    SELECT
        year,
        left(period, 4) AS fiscal,
        (CAST(right(period, 2) AS INTEGER) - 1) // 3 AS number,
        min(first) AS first
    FROM derived.state.fiscal_day
    GROUP BY ALL
)
SELECT
    c.legal_entity,
    c.today,
    coalesce(d.period, strftime(c.today, '%Y-%m')) AS period,
    CAST(coalesce(d.first, date_trunc('month', c.today)) AS DATE) AS period_from,
    CAST(coalesce(l.first, date_trunc('month', c.today) - INTERVAL 1 MONTH) AS DATE) AS last_from,
    CAST(coalesce(q.first, date_trunc('quarter', c.today)) AS DATE) AS quarter_from,
    c.zone
FROM company c
LEFT JOIN derived.state.fiscal_day d ON d.year = c.year AND d.day = c.today
LEFT JOIN derived.state.fiscal_day l ON l.year = c.year AND l.day = d.first - 1
LEFT JOIN quarter q
    ON q.year = c.year
    AND q.fiscal = left(d.period, 4)
    AND q.number = (CAST(right(d.period, 2) AS INTEGER) - 1) // 3;
