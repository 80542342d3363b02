/*
Items whose margin the PSA and the ERP tell differently. Few, and many of them by less than anybody asks for.

grain: item_key, kind, project_key, month, period
granule: item_key
within: ledger.item_key

    item_key     VARCHAR        -                   the item's key
    kind         VARCHAR        -                   time or expense
    project_key  VARCHAR        -                   where it is booked
    month        DATE           first day           the period in which the work was done
    period       VARCHAR        -                   its name, YYYY-MM
    psa          VARCHAR        -                   the PSA that has it, if any
    erp          VARCHAR        -                   the ERP that has it, if any
    psa_revenue  DECIMAL(38,2)  reporting currency  what it earns by the PSA; 0 if not there
    psa_cost     DECIMAL(38,2)  reporting currency  and costs
    erp_revenue  DECIMAL(38,2)  reporting currency  what it earns by the ERP
    erp_cost     DECIMAL(38,2)  reporting currency  and costs
    since        TIMESTAMPTZ    UTC                 when the newer of the two words was seen first
*/

-- touched: items that another amount is told of
SELECT item_key FROM derived.moved.ledger;

-- ledger_gap: both systems' words side by side, where they differ
CREATE OR REPLACE TABLE derived.state.ledger_gap AS
SELECT
    item_key,
    kind,
    project_key,
    month,
    period,
    min(system) FILTER (role = 'psa') AS psa,
    min(system) FILTER (role = 'erp') AS erp,
    coalesce(sum(revenue) FILTER (role = 'psa'), 0) AS psa_revenue,
    coalesce(sum(cost) FILTER (role = 'psa'), 0) AS psa_cost,
    coalesce(sum(revenue) FILTER (role = 'erp'), 0) AS erp_revenue,
    coalesce(sum(cost) FILTER (role = 'erp'), 0) AS erp_cost,
    max(since) AS since
FROM derived.state.ledger
GROUP BY item_key, kind, project_key, month, period
HAVING
    sum(CASE role WHEN 'psa' THEN revenue WHEN 'erp' THEN -revenue END)
    <> sum(CASE role WHEN 'psa' THEN cost WHEN 'erp' THEN -cost END);
