/*
Charge codes the ERP knows, over all its instances.

grain: key

    key           VARCHAR  -  the code
    system        VARCHAR  -  the first of the ERPs that have it
    active        BOOLEAN  -  time may be booked on it in one of them
    project_code  VARCHAR  -  the project it belongs to
*/

-- erp_code: charge codes the ERP knows, over all its instances
CREATE OR REPLACE TABLE derived.state.erp_code AS
SELECT key, min(system) AS system, bool_or(active) AS active, min(project_code) AS project_code
FROM derived.state.charge_code
WHERE role = 'erp'
GROUP BY key;
