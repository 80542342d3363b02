-- subsidiary: the legal entities of the account
SELECT r.id, r.externalid, r.name, r.currency, r.country, r.lastmodifieddate
FROM subsidiary r

-- customer: companies we bill, with the external ids of what they point at
SELECT r.id, r.externalid, r.entityid, r.companyname, r.custentity_country, r.custentity_tax_id,
       r.custentity_tax_profile, r.custentity_legal_entity, r.currency, r.isinactive, p.externalid AS parent,
       s.externalid AS subsidiary, r.lastmodifieddate
FROM customer r
     LEFT JOIN customer p ON p.id = r.parent
     LEFT JOIN subsidiary s ON s.id = r.subsidiary

-- job: projects
SELECT r.id, r.externalid, r.companyname, r.currency, r.entitystatus, r.startdate, r.enddate, r.isinactive,
       r.custentity_service_line, r.custentity_practice, r.custentity_region, r.custentity_cost_centre,
       r.custentity_contract_type, p.externalid AS parent, s.externalid AS subsidiary,
       s.currency AS subsidiarycurrency, r.lastmodifieddate
FROM job r
     LEFT JOIN customer p ON p.id = r.parent
     LEFT JOIN subsidiary s ON s.id = r.subsidiary

-- projectTask: charge codes
SELECT r.id, r.externalid, r.title, r.isinactive, r.nonbillabletask, j.externalid AS project,
       s.externalid AS subsidiary, r.lastmodifieddate
FROM projecttask r
     LEFT JOIN job j ON j.id = r.project
     LEFT JOIN subsidiary s ON s.id = j.subsidiary

-- employee: people
SELECT r.id, r.externalid, r.entityid, r.firstname, r.lastname, r.email, r.isinactive, r.custentity_role,
       r.custentity_cost_centre, r.custentity_cost_rate, r.custentity_cost_currency,
       r.custentity_weekly_hours, r.hiredate, s.externalid AS subsidiary, s.currency AS subsidiarycurrency,
       r.lastmodifieddate
FROM employee r
     LEFT JOIN subsidiary s ON s.id = r.subsidiary

-- salesOrder: contracts
SELECT r.id, r.externalid, r.currency, r.total, r.startdate, r.enddate, r.custbody_contract_version,
       r.custbody_billing_rule, r.custbody_hold, r.custbody_cap, r.custbody_po, r.custbody_sow,
       r.custbody_contract_type, j.externalid AS entity, s.externalid AS subsidiary, r.lastmodifieddate
FROM salesorder r
     LEFT JOIN job j ON j.id = r.entity
     LEFT JOIN subsidiary s ON s.id = j.subsidiary

-- timeBill: posted time
SELECT r.id, r.externalid, r.trandate, r.hours, r.isbillable, r.rate, r.memo, r.custcol_cost_rate,
       r.custcol_cost_currency, r.custcol_currency, r.custcol_invoiced, r.custcol_invoice,
       r.custcol_time_entry, r.createddate, j.externalid AS customer, e.externalid AS employee,
       k.externalid AS casetaskevent, k.title AS chargecode, s.externalid AS subsidiary, r.lastmodifieddate
FROM timebill r
     LEFT JOIN job j ON j.id = r.customer
     LEFT JOIN employee e ON e.id = r.employee
     LEFT JOIN projecttask k ON k.id = r.casetaskevent
     LEFT JOIN subsidiary s ON s.id = j.subsidiary

-- expenseReport: posted expenses
SELECT r.id, r.externalid, r.trandate, r.amount, r.total, r.currency, r.category, r.isbillable, r.memo,
       r.custcol_invoiced, r.custcol_invoice, r.createddate, j.externalid AS customer,
       e.externalid AS employee, k.externalid AS casetaskevent, k.title AS chargecode,
       s.externalid AS subsidiary, r.lastmodifieddate
FROM expensereport r
     LEFT JOIN job j ON j.id = r.customer
     LEFT JOIN employee e ON e.id = r.employee
     LEFT JOIN projecttask k ON k.id = r.casetaskevent
     LEFT JOIN subsidiary s ON s.id = j.subsidiary

-- invoice: bills the ERP made, with what payments and credit memos were applied to; each changes its invoice
SELECT r.id, r.externalid, r.tranid, r.total, r.currency, r.status, r.trandate, r.duedate, r.paid, r.credited,
       j.externalid AS entity, c.externalid AS customer, p.externalid AS parent, s.externalid AS subsidiary,
       r.lastmodifieddate
FROM (
         SELECT i.id, i.externalid, i.tranid, i.total, i.currency, i.status, i.trandate, i.duedate, i.entity,
                i.customer, i.subsidiary, a.paid, a.credited,
                GREATEST(i.lastmodifieddate, NVL(a.applied, i.lastmodifieddate)) AS lastmodifieddate
         FROM invoice i
              LEFT JOIN (
                  SELECT l.previousdoc,
                         SUM(CASE WHEN LOWER(y.status) NOT IN ('void', 'voided') THEN l.foreignamount END) AS paid,
                         SUM(CASE WHEN LOWER(m.status) NOT IN ('void', 'voided') THEN l.foreignamount END)
                             AS credited,
                         MAX(NVL(y.lastmodifieddate, m.lastmodifieddate)) AS applied
                  FROM nexttransactionlinelink l
                       LEFT JOIN customerpayment y ON y.id = l.nextdoc
                       LEFT JOIN creditmemo m ON m.id = l.nextdoc
                  WHERE l.linktype = 'Payment'
                  GROUP BY l.previousdoc
              ) a ON a.previousdoc = i.id
     ) r
     LEFT JOIN job j ON j.id = r.entity
     LEFT JOIN customer c ON c.id = r.customer
     LEFT JOIN customer p ON p.id = j.parent
     LEFT JOIN subsidiary s ON s.id = r.subsidiary

-- creditMemo: what takes an invoice back, in whole or in part
SELECT r.id, r.externalid, r.tranid, r.total, r.currency, r.status, r.trandate, i.tranid AS createdfrom,
       j.externalid AS entity, c.externalid AS customer, p.externalid AS parent, s.externalid AS subsidiary,
       r.lastmodifieddate
FROM creditmemo r
     LEFT JOIN invoice i ON i.id = r.createdfrom
     LEFT JOIN job j ON j.id = r.entity
     LEFT JOIN customer c ON c.id = r.customer
     LEFT JOIN customer p ON p.id = j.parent
     LEFT JOIN subsidiary s ON s.id = r.subsidiary

-- customerPayment: what was paid on which invoice, with a number of its own for each pair of the two
SELECT l.nextdoc * 1000000000 + l.previousdoc AS id, r.id AS payment, i.id AS invoiceid, r.tranid, r.trandate,
       r.currency, r.status, l.foreignamount AS amount, i.tranid AS invoice, s.externalid AS subsidiary,
       r.lastmodifieddate
FROM nexttransactionlinelink l
     JOIN customerpayment r ON r.id = l.nextdoc
     JOIN invoice i ON i.id = l.previousdoc
     LEFT JOIN subsidiary s ON s.id = i.subsidiary
WHERE l.linktype = 'Payment'

-- lines: lines of invoices, credit memos and orders
SELECT l.uniquekey AS id, l.transaction AS owner, l.amount, l.description, l.custcol_posting_id,
       l.custcol_milestone_id, l.custcol_due, l.custcol_completed, l.custcol_accepted,
       l.custcol_line_kind
FROM transactionline l

-- accountingPeriod: months of the books, and which of them are closed
SELECT r.id, r.periodname, r.startdate, r.enddate, r.closed, r.closedondate, r.lastmodifieddate
FROM accountingperiod r
WHERE r.isyear = 'F' AND r.isquarter = 'F' AND r.isadjust = 'F'

-- currencyrate: units of the base currency for one unit of the other
SELECT r.id, r.basecurrency, r.transactioncurrency, r.exchangerate, r.effectivedate, r.lastmodifieddate
FROM currencyrate r
