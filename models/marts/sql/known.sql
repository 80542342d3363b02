/*
What the systems have shown at all: of what none has, nothing is known and nothing is missed.

grain: projects

    projects   BOOLEAN  -  an ERP has shown projects
    codes      BOOLEAN  -  and charge codes
    sales      BOOLEAN  -  a CRM has shown sales
    invoices   BOOLEAN  -  an ERP has shown invoices, or its list of them was read and is empty
    feedback   BOOLEAN  -  a PSA shows an invoice that an ERP sent
    any_erp    VARCHAR  -  the ERP that most companies book in
    crm        VARCHAR  -  the first CRM
    hcm        VARCHAR  -  the first HCM
    contracts  VARCHAR  -  the first ERP that has contracts
*/

-- known: one row
CREATE OR REPLACE TABLE derived.state.known AS
WITH shown AS (  -- also what was deleted since: of what a system has no more everything is known
    SELECT DISTINCT system, role, entity FROM derived.state.seen_at
)
SELECT
    coalesce(bool_or(role = 'erp' AND entity = 'project'), false) AS projects,
    coalesce(bool_or(role = 'erp' AND entity = 'charge_code'), false) AS codes,
    coalesce(bool_or(role = 'crm' AND entity = 'project'), false) AS sales,
    coalesce(bool_or(entity = 'invoice'), false)
        OR EXISTS (SELECT 1 FROM extracts WHERE entity = 'invoice' AND taken_at IS NOT NULL) AS invoices,
    EXISTS (SELECT 1 FROM derived.state.invoice_status WHERE settled_as IS NOT NULL) AS feedback,
    coalesce(
        (SELECT mode(system) FROM derived.state.erp_of), min(system) FILTER (role = 'erp' AND entity = 'project')
    ) AS any_erp,
    min(system) FILTER (role = 'crm' AND entity = 'project') AS crm,
    min(system) FILTER (role = 'hcm' AND entity = 'resource') AS hcm,
    min(system) FILTER (role = 'erp' AND entity = 'contract') AS contracts
FROM shown;
