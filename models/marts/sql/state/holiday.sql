/*
Days on which a company of the firm does not work.

grain: system, system_id
observed: holiday
published: mart_state_holiday

    system        VARCHAR  -    as the installation calls it
    role          VARCHAR  -    crm, erp, psa, ppm or hcm
    key           VARCHAR  -    the company and the day
    system_id     VARCHAR  -    the system's own id
    legal_entity  VARCHAR  -    which company of the firm
    day           DATE     day  on which day
    name          VARCHAR  -    what is celebrated
*/

-- put: parse the changed holidays
INSERT INTO derived.state.holiday
SELECT
    system,
    role,
    key,
    system_id,
    coalesce((fields->>'$.legal_entity_id'), legal_entity),
    TRY_CAST((fields->>'$.day') AS DATE),
    fields->>'$.name'
FROM derived.state.fresh
WHERE entity = 'holiday' AND present;
