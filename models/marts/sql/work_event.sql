/*
Work as it came and went, by day: worked, taken by the ERP, put on an invoice or written off.

grain: day
added: mart_work
counted: items

    day       DATE           day                 on which something happened, where its company is
    unbilled  DECIMAL(38,2)  reporting currency  came to what is unbilled, below zero when more was billed
    revenue   DECIMAL(38,2)  reporting currency  was earned
    cost      DECIMAL(38,2)  reporting currency  was spent
    n         BIGINT         items               came to what is unbilled
    posted    BIGINT         items               that earn or cost something
    items     BIGINT         events              all of them
*/

-- work_event: summed from the items' dates
CREATE OR REPLACE TABLE derived.state.work_event AS
WITH event AS (
    SELECT work_date AS day, bill_reporting AS unbilled, 0 AS revenue, 0 AS cost, 1 AS n
    FROM derived.state.mart_work
    WHERE billable
    UNION ALL
    SELECT CASE state WHEN 'billed' THEN billed_on ELSE written_off_on END, -bill_reporting, 0, 0, -1
    FROM derived.state.mart_work
    WHERE billable AND state IN ('billed', 'written_off')
    UNION ALL
    SELECT
        CAST(w.posted_at AT TIME ZONE coalesce(z.zone, 'UTC') AS DATE),
        0,
        CASE WHEN w.billable THEN w.bill_reporting ELSE 0 END,
        w.cost_reporting,
        0
    FROM derived.state.mart_work w
    LEFT JOIN derived.state.legal_entity z ON z.legal_entity = w.legal_entity
    WHERE w.posted_at IS NOT NULL
    UNION ALL
    SELECT work_date, 0, bill_reporting, 0, 0
    FROM derived.state.mart_work
    WHERE kind = 'milestone' AND state IN ('ready', 'billed')
)
SELECT
    day,
    CAST(coalesce(sum(unbilled), 0) AS DECIMAL(38,2)) AS unbilled,
    CAST(coalesce(sum(revenue), 0) AS DECIMAL(38,2)) AS revenue,
    CAST(coalesce(sum(cost), 0) AS DECIMAL(38,2)) AS cost,
    CAST(sum(n) AS BIGINT) AS n,
    count(*) FILTER (revenue <> 0 OR cost <> 0) AS posted,
    count(*) AS items
FROM event
WHERE day IS NOT NULL
GROUP BY day;
