/*
Billable work by state and primary reason: the waterfall from unbilled to ready.

grain: state, blocker, blocker_owner, legal_entity, service_line, customer_key, project_key
granule: project_key
within: mart_work.project_key

    state           VARCHAR        -                   not_approved, blocked, moving, ready, billed or written_off
    blocker         VARCHAR        -                   the one reason why it cannot be billed; none when ready or billed
    blocker_owner   VARCHAR        -                   the system in which somebody must act
    legal_entity    VARCHAR        -                   which company of the firm bills it
    service_line    VARCHAR        -                   of the project
    customer_key    VARCHAR        -                   who is billed
    project_key     VARCHAR        -                   the project's code
    items           BIGINT         items               time entries, expenses and milestones
    bill_reporting  DECIMAL(18,2)  reporting currency  what they can be billed at
    oldest_days     INTEGER        days                since the oldest work among them
*/

-- touched: projects of which an item is another
SELECT project_key FROM derived.moved.mart_work;

-- mart_billing: counted and summed from the items
CREATE OR REPLACE TABLE derived.state.mart_billing AS
SELECT
    state,
    blocker,
    blocker_owner,
    legal_entity,
    service_line,
    customer_key,
    project_key,
    count(*) AS items,
    CAST(coalesce(sum(bill_reporting), 0) AS DECIMAL(18,2)) AS bill_reporting,
    max(age_days) AS oldest_days
FROM derived.state.mart_work
WHERE billable
GROUP BY ALL;
