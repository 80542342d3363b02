/*
What the systems have shown at all: of what none has, nothing is known and nothing is missed.

grain: projects

    projects   BOOLEAN  -  an ERP has shown projects
    codes      BOOLEAN  -  and charge codes
    sales      BOOLEAN  -  a CRM has shown sales
    invoices   BOOLEAN  -  an ERP has shown invoices
    any_erp    VARCHAR  -  the ERP that most companies book in
    crm        VARCHAR  -  the first CRM
    hcm        VARCHAR  -  the first HCM
    contracts  VARCHAR  -  the first ERP that has contracts
*/

-- known: one row
CREATE OR REPLACE TABLE memory.state.known AS
SELECT
    EXISTS (SELECT 1 FROM memory.state.erp_project) AS projects,
    EXISTS (SELECT 1 FROM memory.state.erp_code) AS codes,
    EXISTS (SELECT 1 FROM memory.state.project WHERE role = 'crm') AS sales,
    EXISTS (SELECT 1 FROM memory.state.invoice) AS invoices,
    (SELECT mode(system) FROM memory.state.erp_of) AS any_erp,
    (SELECT min(system) FROM memory.state.project WHERE role = 'crm') AS crm,
    (SELECT min(system) FROM memory.state.resource WHERE role = 'hcm') AS hcm,
    (SELECT min(system) FROM memory.state.contract WHERE role = 'erp') AS contracts;
