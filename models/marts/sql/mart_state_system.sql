/*
When each system was last seen to change; what it lacked before that moment says nothing of later.

grain: system, role

    system       VARCHAR      -    as the installation calls it
    role         VARCHAR      -    crm, erp, psa, ppm or hcm
    observed_at  TIMESTAMPTZ  UTC  the newest observation of any of its objects
*/

-- mart_state_system: of all systems that have shown a project, customer, person or item
CREATE OR REPLACE TABLE memory.state.mart_state_system AS
WITH known AS (
    SELECT system, role FROM memory.state.project
    UNION
    SELECT system, role FROM memory.state.customer
    UNION
    SELECT system, role FROM memory.state.resource
    UNION
    SELECT system, role FROM memory.state.item
)
SELECT p.system, k.role, max(p.observed_at) AS observed_at
FROM memory.state.place p
JOIN known k USING (system)
GROUP BY ALL;
