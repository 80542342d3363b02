-- transactions: sales orders, invoices, credit memos and payments as the vendor's one table of transactions shows them
CREATE VIEW transactions AS
SELECT id, 'SalesOrd' AS type, externalid, tranid, entity, entity__df, subsidiary, currency,
       total AS foreigntotal, total, status, memo, trandate, NULL AS duedate, lastmodifieddate, createddate,
       custbody_contract_version, custbody_billing_rule, custbody_hold, custbody_cap, custbody_po, custbody_sow
FROM salesorder
UNION ALL
SELECT id, 'CustInvc', externalid, tranid, entity, entity__df, subsidiary, currency,
       total, total, status, memo, trandate, duedate, lastmodifieddate, createddate,
       NULL, NULL, NULL, NULL, NULL, NULL
FROM invoice
UNION ALL
SELECT id, 'CustCred', externalid, tranid, entity, entity__df, subsidiary, currency,
       total, total, status, memo, trandate, NULL, lastmodifieddate, createddate,
       NULL, NULL, NULL, NULL, NULL, NULL
FROM creditmemo
UNION ALL
SELECT id, 'CustPymt', externalid, tranid, customer, customer__df, subsidiary, currency,
       total, total, status, memo, trandate, NULL, lastmodifieddate, createddate,
       NULL, NULL, NULL, NULL, NULL, NULL
FROM customerpayment;
