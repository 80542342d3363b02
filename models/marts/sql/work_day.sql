/*
Work by its day, kind and state: what figures sum.

grain: work_date, kind, state, billable, posted, legal_entity
added: mart_work
counted: items

    work_date     DATE           day                 when it was done
    kind          VARCHAR        -                   time, expense or milestone
    state         VARCHAR        -                   not_approved, blocked, moving, ready, billed or written_off
    billable      BOOLEAN        -                   whether the customer pays for it
    posted        BOOLEAN        -                   whether the ERP has it
    legal_entity  VARCHAR        -                   which company of the firm bills it
    items         BIGINT         items               all of them
    hours         DECIMAL(38,2)  h                   of time only
    bill          DECIMAL(38,2)  reporting currency  what is billed, else what can be
    work          DECIMAL(38,2)  reporting currency  what today's work can be billed at
    cut           DECIMAL(38,2)  reporting currency  billed below what the work is worth
*/

-- work_day: counted and summed
CREATE OR REPLACE TABLE derived.state.work_day AS
SELECT
    work_date,
    kind,
    state,
    billable,
    posted_at IS NOT NULL AS posted,
    legal_entity,
    count(*) AS items,
    CAST(coalesce(sum(hours), 0) AS DECIMAL(38,2)) AS hours,
    CAST(coalesce(sum(bill_reporting), 0) AS DECIMAL(38,2)) AS bill,
    CAST(coalesce(sum(work_reporting), 0) AS DECIMAL(38,2)) AS work,
    CAST(coalesce(sum(greatest(work_reporting - bill_reporting, 0)), 0) AS DECIMAL(38,2)) AS cut
FROM derived.state.mart_work
GROUP BY ALL;
