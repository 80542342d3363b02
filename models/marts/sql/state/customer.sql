/*
Customers as each system shows them now.

grain: system, system_id
observed: customer
published: mart_state_customer

    system        VARCHAR      -         as the installation calls it
    role          VARCHAR      -         crm, erp, psa, ppm or hcm
    key           VARCHAR      -         the customer's key, the same in every system
    system_id     VARCHAR      -         the system's own id
    name          VARCHAR      -         what the customer is called there
    number        VARCHAR      -         the customer number there
    parent_key    VARCHAR      -         the customer it is a part of
    country       VARCHAR      ISO 3166  where it is seated
    tax_id        VARCHAR      -         what its tax office calls it
    active        BOOLEAN      -         whether it may be sold to
    legal_entity  VARCHAR      -         which company of the firm serves it
    observed_at   TIMESTAMPTZ  UTC       the newest observation
*/

-- put: parse the changed customers
INSERT INTO derived.state.customer
SELECT
    system,
    role,
    key,
    system_id,
    f.name,
    f.number,
    f.parent_key,
    f.country,
    f.tax_id,
    coalesce(f.active, true),
    legal_entity,
    observed_at
FROM (
    SELECT *, json_transform(fields, '{
        "name": "VARCHAR",
        "number": "VARCHAR",
        "parent_key": "VARCHAR",
        "country": "VARCHAR",
        "tax_id": "VARCHAR",
        "active": "BOOLEAN"
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'customer' AND present
);
