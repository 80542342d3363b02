/*
Posted time by where the entry that it came from is booked.

grain: legal_entity, project_key
added: ledger
counted: records

    legal_entity  VARCHAR        -                   for which company
    project_key   VARCHAR        -                   the project's code
    hours         DECIMAL(38,2)  h                   posted in the ERP, reversals as they are
    money         DECIMAL(38,2)  reporting currency  what they can be billed at
    records       BIGINT         records             all of them
*/

-- ledger_source: summed
CREATE OR REPLACE TABLE derived.state.ledger_source AS
SELECT
    source_entity AS legal_entity,
    source_project AS project_key,
    CAST(coalesce(sum(hours), 0) AS DECIMAL(38,2)) AS hours,
    CAST(coalesce(sum(fees), 0) AS DECIMAL(38,2)) AS money,
    CAST(sum(records) AS BIGINT) AS records
FROM derived.state.ledger
WHERE role = 'erp' AND kind = 'time'
GROUP BY ALL;
