/*
What each project has come to: its approved work, summed.

grain: project_key
added: mart_work
counted: items

    project_key            VARCHAR        -                   the project's code
    items                  BIGINT         items               all of them
    hours                  DECIMAL(38,2)  h                   of time
    billable_hours         DECIMAL(38,2)  h                   of billable time
    time_revenue           DECIMAL(38,2)  reporting currency  of time that was not written off
    time_cost              DECIMAL(38,2)  reporting currency  of time
    expense_revenue        DECIMAL(38,2)  reporting currency  of expenses that were not written off
    expense_cost           DECIMAL(38,2)  reporting currency  of expenses
    milestones             DECIMAL(38,2)  reporting currency  that are ready or billed
    written_down           DECIMAL(38,2)  reporting currency  time: worth more than was billed for it
    time_written_off       DECIMAL(38,2)  reporting currency  time that two people wrote off
    expense_written_off    DECIMAL(38,2)  reporting currency  expenses that two people wrote off
    milestone_written_off  DECIMAL(38,2)  reporting currency  milestones that two people wrote off
*/

-- project_work: what each project has come to, summed from its items once
CREATE OR REPLACE TABLE derived.state.project_work AS
SELECT
    project_key,
    count(*) AS items,
    CAST(coalesce(sum(hours), 0) AS DECIMAL(38,2)) AS hours,
    CAST(coalesce(sum(hours) FILTER (billable), 0) AS DECIMAL(38,2)) AS billable_hours,
    CAST(coalesce(sum(bill_reporting) FILTER (
        kind = 'time' AND state <> 'written_off'
    ), 0) AS DECIMAL(38,2)) AS time_revenue,
    CAST(coalesce(sum(cost_reporting) FILTER (kind = 'time'), 0) AS DECIMAL(38,2)) AS time_cost,
    CAST(coalesce(sum(bill_reporting) FILTER (
        kind = 'expense' AND state <> 'written_off'
    ), 0) AS DECIMAL(38,2)) AS expense_revenue,
    CAST(coalesce(sum(cost_reporting) FILTER (kind = 'expense'), 0) AS DECIMAL(38,2)) AS expense_cost,
    CAST(coalesce(sum(bill_reporting) FILTER (
        kind = 'milestone' AND state IN ('ready', 'billed')
    ), 0) AS DECIMAL(38,2)) AS milestones,
    CAST(coalesce(sum(CASE
        WHEN state = 'billed' AND kind = 'time' AND NOT gone AND currency = work_currency AND work_amount > bill_amount
            THEN CAST((work_amount - bill_amount) * bill_reporting / nullif(bill_amount, 0) AS DECIMAL(18,2))
    END), 0) AS DECIMAL(38,2)) AS written_down,
    CAST(coalesce(sum(bill_reporting) FILTER (
        kind = 'time' AND state = 'written_off'
    ), 0) AS DECIMAL(38,2)) AS time_written_off,
    CAST(coalesce(sum(bill_reporting) FILTER (
        kind = 'expense' AND state = 'written_off'
    ), 0) AS DECIMAL(38,2)) AS expense_written_off,
    CAST(coalesce(sum(bill_reporting) FILTER (
        kind = 'milestone' AND state = 'written_off'
    ), 0) AS DECIMAL(38,2)) AS milestone_written_off
FROM derived.state.mart_work
WHERE state <> 'not_approved' AND project_key IS NOT NULL
GROUP BY project_key;
