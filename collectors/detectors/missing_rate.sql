-- unpriced: work without a bill rate, or of a person without a cost rate
SELECT
    w.*,
    EXISTS (
        SELECT 1 FROM mart_state_resource r WHERE r.role = 'hcm' AND r.key = w.resource_key AND r.cost_rate IS NULL
    ) AND NOT coalesce(w.rateless, false) AS uncosted,
    (SELECT min(system) FROM mart_state_resource WHERE role = 'hcm') AS hcm
FROM mart_work w
WHERE blocker = 'rate-missing' OR (billable AND rateless AND state = 'not_approved' AND code_fault IS NULL);

-- uncosted: active people without a cost rate, in the system that owns it
SELECT key, system, name, legal_entity FROM mart_state_resource WHERE role = 'hcm' AND active AND cost_rate IS NULL;

-- unconverted: currencies that are used and have no exchange rate
SELECT currency, count(*) AS items, any_value(legal_entity) AS legal_entity
FROM mart_work
WHERE currency IS NOT NULL
    AND currency NOT IN (SELECT currency FROM mart_fx)
    AND (SELECT count(*) FROM mart_fx) > 1
GROUP BY currency;
