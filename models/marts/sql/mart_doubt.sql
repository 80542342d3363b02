/*
What lies between a figure as reported and its range: what the open cases may still come to, record by record, in each
way of settling them all (settlement.sql says what these are).

grain: entity, item_key, world

    entity        VARCHAR        -                   time_entry, expense, milestone or project
    item_key      VARCHAR        -                   the item's key, the project's code
    world         VARCHAR        -                   adjusted, against or for
    case_id       VARCHAR        -                   the open case that is about it; of several that of the first cause
    cause         VARCHAR        -                   of that case
    project_key   VARCHAR        -                   the project's code
    legal_entity  VARCHAR        -                   which company of the firm it is for
    revenue       DECIMAL(18,2)  reporting currency  what it adds to the revenue in the ERP
    cost          DECIMAL(18,2)  reporting currency  what it adds to the cost in the ERP
    hours         DECIMAL(18,2)  h                   what it adds to the hours in the ERP
    ready         DECIMAL(18,2)  reporting currency  what it adds to what is ready to be billed
    blocked       DECIMAL(18,2)  reporting currency  what it adds to what is approved and not ready
    unbilled      DECIMAL(18,2)  reporting currency  what it adds to the work that no invoice bills
    billed        DECIMAL(18,2)  reporting currency  what it adds to what invoices bill
    lost          DECIMAL(18,2)  reporting currency  what it adds to the work that was never billed
    utilised      DECIMAL(18,2)  h                   what it adds to the billable hours of the last twelve weeks
    backlog       DECIMAL(18,2)  reporting currency  what it adds to what is sold and not yet earned
*/

-- mart_doubt: the doubtful work, and the sold projects that no system has set up whole
CREATE OR REPLACE TABLE derived.state.mart_doubt AS
WITH of_project AS (
    SELECT
        CASE subject_entity WHEN 'project' THEN subject_key ELSE project_key END AS project_key,
        arg_min(case_id, cause) AS case_id,
        min(cause) AS cause
    FROM cases
    WHERE resolved_at IS NULL AND status <> 'ignored' AND money_kind IN ('sold_not_set_up', 'billing_blocked')
    GROUP BY ALL
), every AS (
    SELECT * FROM derived.state.unsettled
    UNION ALL BY NAME
    SELECT
        'project' AS entity,
        c.project_key AS item_key,
        w.world,
        o.case_id,
        o.cause,
        c.project_key,
        p.legal_entity,
        CASE w.world WHEN 'against' THEN -c.backlog ELSE 0 END AS backlog
    FROM derived.state.contracted c
    CROSS JOIN derived.state.world w
    LEFT JOIN derived.state.mart_project p ON p.project_key = c.project_key
    LEFT JOIN of_project o ON o.project_key = c.project_key
    WHERE NOT c.set_up AND w.world <> 'reported'
)
SELECT
    entity,
    item_key,
    world,
    case_id,
    cause,
    project_key,
    legal_entity,
    CAST(coalesce(revenue, 0) AS DECIMAL(18,2)) AS revenue,
    CAST(coalesce(cost, 0) AS DECIMAL(18,2)) AS cost,
    CAST(coalesce(hours, 0) AS DECIMAL(18,2)) AS hours,
    CAST(coalesce(ready, 0) AS DECIMAL(18,2)) AS ready,
    CAST(coalesce(blocked, 0) AS DECIMAL(18,2)) AS blocked,
    CAST(coalesce(unbilled, 0) AS DECIMAL(18,2)) AS unbilled,
    CAST(coalesce(billed, 0) AS DECIMAL(18,2)) AS billed,
    CAST(coalesce(lost, 0) AS DECIMAL(18,2)) AS lost,
    CAST(coalesce(utilised, 0) AS DECIMAL(18,2)) AS utilised,
    CAST(coalesce(backlog, 0) AS DECIMAL(18,2)) AS backlog
FROM every;
