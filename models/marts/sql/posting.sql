/*
What the ERP holds of each time entry and expense: its postings, with reversals set against what they undo.

grain: kind, item_key
granule: item_key
within: item.item_key

    kind            VARCHAR      -    time or expense
    item_key        VARCHAR      -    of the item that was posted
    net             HUGEINT      -    postings less reversals: 1 where one stands
    posted_at       TIMESTAMPTZ  UTC  when the ERP took the newest
    flagged         BOOLEAN      -    the ERP says that it is on an invoice
    invoice_number  VARCHAR      -    on which, by the posting's own word
    flagged_at      TIMESTAMPTZ  UTC  the newest observation of a posting that says so
*/

-- touched: items of which a posting is another
SELECT item_key FROM derived.moved.item;

-- posting: counted from the postings of every ERP
CREATE OR REPLACE TABLE derived.state.posting AS
SELECT
    kind,
    item_key,
    sum(CASE WHEN reversal THEN -1 ELSE 1 END) AS net,
    max(coalesce(created_at, observed_at)) FILTER (NOT reversal) AS posted_at,
    coalesce(bool_or(invoiced) FILTER (NOT reversal), false) AS flagged,
    max(invoice_number) FILTER (invoiced AND NOT reversal) AS invoice_number,
    max(observed_at) FILTER (invoiced AND NOT reversal) AS flagged_at
FROM derived.state.item
WHERE role = 'erp'
GROUP BY kind, item_key;
