/*
Projects the ERP knows, over all its instances.

grain: key

    key     VARCHAR  -  the project's code
    system  VARCHAR  -  the first of the ERPs that have it
    status  VARCHAR  -  in the ERP's words
*/

-- erp_project: projects the ERP knows, over all its instances
CREATE OR REPLACE TABLE derived.state.erp_project AS
SELECT key, min(system) AS system, min(status) AS status
FROM derived.state.project
WHERE role = 'erp'
GROUP BY key;
