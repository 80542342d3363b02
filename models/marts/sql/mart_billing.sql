-- mart_billing: billable work by state and primary reason: the waterfall from unbilled to ready
CREATE OR REPLACE TABLE memory.state.mart_billing AS
SELECT state, blocker, blocker_owner, legal_entity, service_line, customer_key, project_key, count(*) AS items,
    CAST(coalesce(sum(bill_reporting), 0) AS DECIMAL(18,2)) AS bill_reporting, max(age_days) AS oldest_days
FROM memory.state.mart_work WHERE billable GROUP BY ALL;
