-- unpriced: billable work without a bill rate
SELECT * FROM mart_work WHERE billable AND (blocker = 'rate-missing' OR (rateless AND state = 'not_approved' AND code_fault IS NULL));

-- uncosted: active people without a cost rate, in the system that owns it
SELECT key, system, name, legal_entity FROM mart_state_resource WHERE role = 'hcm' AND active AND cost_rate IS NULL;

-- unconverted: currencies that are used and have no exchange rate
SELECT currency, count(*) AS items, any_value(legal_entity) AS legal_entity FROM mart_work
WHERE currency IS NOT NULL AND currency NOT IN (SELECT currency FROM mart_fx) GROUP BY currency;
