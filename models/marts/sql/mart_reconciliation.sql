/*
Approved time in the PSA against postings in the ERP: what named blockers and write-offs explain, and the rest that
nothing explains.

grain: legal_entity, project_key

    legal_entity           VARCHAR        -                   which company of the firm bills it
    project_key            VARCHAR        -                   the project's code
    psa_hours              DECIMAL(18,2)  h                   approved in the PSA
    erp_hours              DECIMAL(18,2)  h                   posted in the ERP, reversals taken off
    difference_hours       DECIMAL(18,2)  h                   PSA - ERP
    psa_reporting          DECIMAL(18,2)  reporting currency  what the PSA's hours can be billed at
    erp_reporting          DECIMAL(18,2)  reporting currency  what the ERP's hours can be billed at
    explained_reporting    DECIMAL(18,2)  reporting currency  never posted, and a blocker or a write-off says why
    unexplained_reporting  DECIMAL(18,2)  reporting currency  PSA - ERP - explained: what nobody can account for
*/

-- mart_reconciliation: the PSA's work of today; a posting counts where the entry it came from does, if that is known
CREATE OR REPLACE TABLE derived.state.mart_reconciliation AS
SELECT
    coalesce(p.legal_entity, e.legal_entity) AS legal_entity,
    coalesce(p.project_key, e.project_key) AS project_key,
    CAST(coalesce(p.hours, 0) AS DECIMAL(18,2)) AS psa_hours,
    CAST(coalesce(e.hours, 0) AS DECIMAL(18,2)) AS erp_hours,
    CAST(coalesce(p.hours, 0) - coalesce(e.hours, 0) AS DECIMAL(18,2)) AS difference_hours,
    CAST(coalesce(p.money, 0) AS DECIMAL(18,2)) AS psa_reporting,
    CAST(coalesce(e.money, 0) AS DECIMAL(18,2)) AS erp_reporting,
    CAST(coalesce(p.explained, 0) AS DECIMAL(18,2)) AS explained_reporting,
    CAST(
        coalesce(p.money, 0) - coalesce(e.money, 0) - coalesce(p.explained, 0) AS DECIMAL(18,2)
    ) AS unexplained_reporting
FROM derived.state.work_reconciled p
FULL JOIN derived.state.ledger_source e
    ON e.project_key = p.project_key AND e.legal_entity IS NOT DISTINCT FROM p.legal_entity;
