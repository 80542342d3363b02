-- mart_state_project: projects as each system shows them now
CREATE OR REPLACE TABLE memory.state.mart_state_project AS SELECT * EXCLUDE (milestones) FROM memory.state.project;

-- mart_state_system: when each system was last seen to change; what it lacked before that moment says nothing of later
CREATE OR REPLACE TABLE memory.state.mart_state_system AS
SELECT p.system, r.role, max(p.observed_at) AS observed_at
FROM memory.state.place p
JOIN (SELECT DISTINCT system, role FROM (
    SELECT system, role FROM memory.state.project UNION ALL SELECT system, role FROM memory.state.customer
    UNION ALL SELECT system, role FROM memory.state.resource UNION ALL SELECT system, role FROM memory.state.item)) r USING (system)
GROUP BY ALL;

-- mart_state_customer: customers as each system shows them now
CREATE OR REPLACE TABLE memory.state.mart_state_customer AS SELECT * FROM memory.state.customer;

-- mart_state_charge_code: charge codes as each system shows them now
CREATE OR REPLACE TABLE memory.state.mart_state_charge_code AS SELECT * FROM memory.state.charge_code;

-- mart_state_resource: people as each system shows them now
CREATE OR REPLACE TABLE memory.state.mart_state_resource AS SELECT * FROM memory.state.resource;
