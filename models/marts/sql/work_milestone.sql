/*
Milestones that are ready or billed, by project and day.

grain: project_key, work_date
added: mart_work
counted: items

    project_key  VARCHAR        -                   the project's code
    work_date    DATE           day                 when they were done
    revenue      DECIMAL(38,2)  reporting currency  what they are billed at
    items        BIGINT         items               how many
*/

-- work_milestone: summed
CREATE OR REPLACE TABLE derived.state.work_milestone AS
SELECT
    project_key,
    work_date,
    CAST(coalesce(sum(bill_reporting), 0) AS DECIMAL(38,2)) AS revenue,
    count(*) AS items
FROM derived.state.mart_work
WHERE kind = 'milestone' AND state IN ('ready', 'billed')
GROUP BY ALL;
