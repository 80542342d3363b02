/*
People as each system shows them now.

grain: system, system_id
observed: resource
published: mart_state_resource

    system        VARCHAR        -         as the installation calls it
    role          VARCHAR        -         crm, erp, psa, ppm or hcm
    key           VARCHAR        -         the person's number, the same in every system
    system_id     VARCHAR        -         the system's own id
    name          VARCHAR        -         what the person is called there
    legal_entity  VARCHAR        -         which company of the firm employs the person
    cost_rate     DECIMAL(18,2)  currency  what an hour costs the firm
    currency      VARCHAR        ISO 4217  of cost_rate
    weekly_hours  DECIMAL(8,2)   h         as contracted
    active        BOOLEAN        -         whether the person works here now
*/

-- put: parse the changed people
INSERT INTO derived.state.resource
SELECT
    system,
    role,
    key,
    system_id,
    f.name,
    coalesce(f.legal_entity_id, legal_entity),
    TRY_CAST(coalesce(cost.value, f.cost_rate.amount) AS DECIMAL(18,2)),
    f.cost_rate.currency,
    TRY_CAST(f.weekly_hours AS DECIMAL(8,2)),
    coalesce(f.active, true)
FROM (
    SELECT *, json_transform(fields, '{
        "name": "VARCHAR",
        "legal_entity_id": "VARCHAR",
        "cost_rate": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "weekly_hours": "VARCHAR",
        "active": "BOOLEAN"
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'resource' AND present
)
LEFT JOIN derived.state.cleared cost ON cost.sealed = f.cost_rate.amount;
