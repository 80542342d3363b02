/*
Up to when each ERP's lists of projects, charge codes and invoices were read, and the same of all ERPs together: the one
that lies back furthest.

grain: system, entity

    system      VARCHAR      -    as the installation calls it; none: all of them
    entity      VARCHAR      -    project, charge_code or invoice
    read_until  TIMESTAMPTZ  UTC  all of it had been read at this moment; none: never
*/

-- erp_read: each list (of invoices that were never all read, 1970), and for work of which nobody knows the ERP the one
-- that was read least far
CREATE OR REPLACE TABLE derived.state.erp_read AS
WITH list AS (
    SELECT
        system,
        entity,
        CASE entity
            WHEN 'invoice' THEN coalesce(read_until, TIMESTAMPTZ '1970-01-01 00:00:00+00')
            ELSE read_until
        END AS read_until
    FROM derived.state.mart_source
    WHERE role = 'erp' AND entity IN ('project', 'charge_code', 'invoice')
)
FROM list
UNION ALL
SELECT NULL, entity, CASE WHEN bool_and(read_until IS NOT NULL) THEN min(read_until) END FROM list GROUP BY entity;
