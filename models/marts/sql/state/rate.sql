/*
Exchange rates into the reporting currency, as each system shows them now.

grain: system, system_id
observed: exchange_rate

    system       VARCHAR        -                            as the installation calls it
    role         VARCHAR        -                            crm, erp, psa, ppm or hcm
    key          VARCHAR        ISO 4217                     the currency that is converted
    system_id    VARCHAR        -                            the system's own id
    rate         DECIMAL(18,8)  reporting currency per unit  above zero
    as_of        VARCHAR        -                            of what moment it is, in the system's writing
    observed_at  TIMESTAMPTZ    UTC                          the newest observation
*/

-- put: parse the changed exchange rates
INSERT INTO memory.state.rate
SELECT
    system,
    role,
    coalesce((fields->>'$.currency'), key),
    system_id,
    TRY_CAST((fields->>'$.rate') AS DECIMAL(18,8)),
    fields->>'$.as_of',
    observed_at
FROM memory.state.fresh
WHERE entity = 'exchange_rate' AND present AND TRY_CAST((fields->>'$.rate') AS DECIMAL(18,8)) > 0;
