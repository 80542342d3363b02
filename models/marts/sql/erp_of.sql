/*
Which ERP books for a legal entity: the one that has most of its projects.

grain: legal_entity

    legal_entity  VARCHAR  -  a company of the firm
    system        VARCHAR  -  as the installation calls it
*/

-- erp_of: which ERP books for a legal entity
CREATE OR REPLACE TABLE derived.state.erp_of AS
SELECT legal_entity, mode(system) AS system
FROM derived.state.project
WHERE role = 'erp'
GROUP BY legal_entity;
