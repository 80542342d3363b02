/*
When the last billable work of each project's period could be billed; what was written off never will be.

grain: project_key, legal_entity, period
granule: project_key
within: mart_work.project_key

    project_key   VARCHAR      -    the project's code
    legal_entity  VARCHAR      -    which company of the firm bills it
    period        VARCHAR      -    that company's accounting period
    delivered_on  DATE         day  its last day of work
    ready_at      TIMESTAMPTZ  UTC  when all of it could be billed; none while some of it cannot
    blocked       BOOLEAN      -    some of it is held up or on its way
*/

-- touched: projects of which an item is another
SELECT project_key FROM derived.moved.mart_work WHERE project_key IS NOT NULL;

-- delivery_month: none while some of it cannot
CREATE OR REPLACE TABLE derived.state.delivery_month AS
SELECT
    project_key,
    legal_entity,
    period,
    max(work_date) AS delivered_on,
    CASE WHEN bool_and(state IN ('ready', 'billed'))
        THEN max(CASE WHEN kind = 'milestone' THEN approved_at ELSE greatest(posted_at, approved_at) END)
    END AS ready_at,
    bool_or(state IN ('blocked', 'moving')) AS blocked
FROM derived.state.mart_work
WHERE billable AND state <> 'written_off' AND project_key IS NOT NULL AND work_date IS NOT NULL
GROUP BY ALL;
