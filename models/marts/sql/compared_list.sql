/*
Which lists of its two systems each kind of record is compared by: the tie-out knows no more of a side than these say.

grain: entity, side, list

    entity  VARCHAR  -  time_entry, contract, invoice_line, actual_cost …
    side    VARCHAR  -  source or target
    role    VARCHAR  -  of the system on that side
    list    VARCHAR  -  the kind of object whose extracts tell of it
*/

-- compared_list: of work its own list, of what is made of several lists all of them
CREATE OR REPLACE TABLE derived.state.compared_list AS
FROM (VALUES
    ('time_entry', 'source', 'psa', 'time_entry'),
    ('time_entry', 'target', 'erp', 'time_entry'),
    ('expense', 'source', 'psa', 'expense'),
    ('expense', 'target', 'erp', 'expense'),
    ('contract', 'source', 'crm', 'project'),
    ('contract', 'target', 'erp', 'contract'),
    ('milestone', 'source', 'crm', 'project'),
    ('milestone', 'target', 'erp', 'contract'),
    ('budget', 'source', 'crm', 'project'),
    ('budget', 'target', 'ppm', 'budget'),
    ('invoice_line', 'source', 'erp', 'time_entry'),
    ('invoice_line', 'source', 'erp', 'expense'),
    ('invoice_line', 'source', 'erp', 'contract'),
    ('invoice_line', 'target', 'erp', 'invoice'),
    ('invoice_line', 'target', 'erp', 'credit_memo'),
    ('invoice_status', 'source', 'erp', 'invoice'),
    ('invoice_status', 'target', 'psa', 'invoice_status'),
    ('actual_cost', 'source', 'erp', 'time_entry'),
    ('actual_cost', 'source', 'erp', 'expense'),
    ('actual_cost', 'target', 'ppm', 'actual'),
    ('actual_revenue', 'source', 'erp', 'time_entry'),
    ('actual_revenue', 'source', 'erp', 'expense'),
    ('actual_revenue', 'target', 'ppm', 'actual'),
    ('actual_billed', 'source', 'erp', 'invoice'),
    ('actual_billed', 'source', 'erp', 'credit_memo'),
    ('actual_billed', 'target', 'ppm', 'actual')
) AS told(entity, side, role, list);
