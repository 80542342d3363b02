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
CREATE OR REPLACE TABLE derived.state.known AS
SELECT
    EXISTS (SELECT 1 FROM derived.state.erp_project) AS projects,
    EXISTS (SELECT 1 FROM derived.state.erp_code) AS codes,
    EXISTS (SELECT 1 FROM derived.state.project WHERE role = 'crm') AS sales,
    -- One that was deleted since was shown: what says that it is invoiced is then on none.
    EXISTS (SELECT 1 FROM derived.state.seen_at WHERE entity = 'invoice') AS invoices,
    (SELECT mode(system) FROM derived.state.erp_of) AS any_erp,
    (SELECT min(system) FROM derived.state.project WHERE role = 'crm') AS crm,
    (SELECT min(system) FROM derived.state.resource WHERE role = 'hcm') AS hcm,
    (SELECT min(system) FROM derived.state.contract WHERE role = 'erp') AS contracts;
