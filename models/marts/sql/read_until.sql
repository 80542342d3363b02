/*
When the ERP, and its invoices, were seen to change last.

grain: erp_seen_at

    erp_seen_at       TIMESTAMPTZ  UTC  anything in an ERP
    invoices_seen_at  TIMESTAMPTZ  UTC  an invoice
*/

-- read_until: one row
CREATE OR REPLACE TABLE derived.state.read_until AS
SELECT
    max(observed_at) FILTER (system IN (
        SELECT system FROM derived.state.seen_at WHERE role = 'erp' AND entity = 'project'
    )) AS erp_seen_at,
    max(observed_at) FILTER (entity = 'invoice') AS invoices_seen_at
FROM derived.state.seen_at;
