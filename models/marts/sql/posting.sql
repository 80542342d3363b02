/*
What the ERP holds of each time entry and expense: its postings, and how many of them stand.

grain: kind, item_key
granule: item_key
within: item.item_key

    kind            VARCHAR      -    time or expense
    item_key        VARCHAR      -    of the item that was posted
    standing        BIGINT       -    postings of which something is left
    posted_at       TIMESTAMPTZ  UTC  when the ERP took the newest
    flagged         BOOLEAN      -    the ERP says that it is on an invoice
    invoice_number  VARCHAR      -    on which, by the posting's own word
    flagged_at      TIMESTAMPTZ  UTC  the newest observation of a posting that says so
*/

-- touched: items of which a posting is another, or stands otherwise
SELECT item_key FROM derived.moved.item
UNION ALL
SELECT item_key FROM derived.moved.undone;

-- posting: counted from the postings of every ERP
CREATE OR REPLACE TABLE derived.state.posting AS
SELECT
    i.kind,
    i.item_key,
    count(*) FILTER (NOT i.reversal AND coalesce(u.stands, true)) AS standing,
    max(coalesce(i.created_at, i.observed_at)) FILTER (NOT i.reversal) AS posted_at,
    coalesce(bool_or(i.invoiced) FILTER (NOT i.reversal), false) AS flagged,
    max(i.invoice_number) FILTER (i.invoiced AND NOT i.reversal) AS invoice_number,
    max(i.observed_at) FILTER (i.invoiced AND NOT i.reversal) AS flagged_at
FROM derived.state.item i
LEFT JOIN derived.state.undone u ON u.system = i.system AND u.kind = i.kind AND u.system_id = i.system_id
WHERE i.role = 'erp'
GROUP BY i.kind, i.item_key;
