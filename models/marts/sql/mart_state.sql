-- mart_state_project: projects as each system shows them now
CREATE OR REPLACE TABLE memory.state.mart_state_project AS SELECT * EXCLUDE (milestones) FROM memory.state.project;

-- mart_state_customer: customers as each system shows them now
CREATE OR REPLACE TABLE memory.state.mart_state_customer AS SELECT * FROM memory.state.customer;

-- mart_state_charge_code: charge codes as each system shows them now
CREATE OR REPLACE TABLE memory.state.mart_state_charge_code AS SELECT * FROM memory.state.charge_code;

-- mart_state_resource: people as each system shows them now
CREATE OR REPLACE TABLE memory.state.mart_state_resource AS SELECT * FROM memory.state.resource;
