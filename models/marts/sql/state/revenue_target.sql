/*
What each company of the firm is to earn in a period.

grain: system, system_id
observed: revenue_target
published: mart_state_revenue_target

    system        VARCHAR        -         as the installation calls it
    role          VARCHAR        -         crm, erp, psa, ppm or hcm
    key           VARCHAR        -         the target's key
    system_id     VARCHAR        -         the system's own id
    legal_entity  VARCHAR        -         which company of the firm
    starts_on     DATE           day       first day of the period
    ends_on       DATE           day       last day of the period
    revenue       DECIMAL(18,2)  currency  what is to be earned
    currency      VARCHAR        ISO 4217  of revenue
*/

-- put: parse the changed targets
INSERT INTO derived.state.revenue_target
SELECT
    system,
    role,
    key,
    system_id,
    coalesce(f.legal_entity_id, legal_entity),
    TRY_CAST(f.starts_on AS DATE),
    TRY_CAST(f.ends_on AS DATE),
    TRY_CAST(f.revenue.amount AS DECIMAL(18,2)),
    f.revenue.currency
FROM (
    SELECT *, json_transform(fields, '{
        "legal_entity_id": "VARCHAR",
        "starts_on": "VARCHAR",
        "ends_on": "VARCHAR",
        "revenue": {"amount": "VARCHAR", "currency": "VARCHAR"}
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'revenue_target' AND present
);
