/*
Actuals that the portfolio shows: of each project, accounting period, company and currency every revision of the
statement.

grain: system, system_id
observed: actual

    system        VARCHAR        -         as the installation calls it
    role          VARCHAR        -         crm, erp, psa, ppm or hcm
    key           VARCHAR        -         what all revisions of a statement share
    system_id     VARCHAR        -         the system's own id
    project_code  VARCHAR        -         the project it is of
    legal_entity  VARCHAR        -         whose books it is from
    starts_on     DATE           day       the first day of its accounting period
    currency      VARCHAR        ISO 4217  of all amounts
    cost          DECIMAL(18,2)  currency  labour at its cost rate, and expenses
    revenue       DECIMAL(18,2)  currency  billable work at its bill rate
    billed        DECIMAL(18,2)  currency  what invoices say less credit memos, without tax
    hours         DECIMAL(18,2)  h         that were posted
    status        VARCHAR        -         pending, approved or superseded
    revision      INTEGER        -         from 1
    reason        VARCHAR        -         why it was made
    stated_at     TIMESTAMPTZ    UTC       when it was last changed there
    observed_at   TIMESTAMPTZ    UTC       the newest observation
*/

-- put: parse the changed statements
INSERT INTO derived.state.actual
SELECT
    system,
    role,
    key,
    system_id,
    f.project_code,
    coalesce(f.legal_entity_id, legal_entity),
    TRY_CAST(f.period_starts_on AS DATE),
    f.currency,
    TRY_CAST(coalesce(cost.value, f.cost.amount) AS DECIMAL(18,2)),
    TRY_CAST(coalesce(revenue.value, f.revenue.amount) AS DECIMAL(18,2)),
    TRY_CAST(coalesce(billed.value, f.billed.amount) AS DECIMAL(18,2)),
    TRY_CAST(f.hours AS DECIMAL(18,2)),
    f.status,
    coalesce(TRY_CAST(f.revision AS INTEGER), 1),
    f.reason,
    TRY_CAST(f.stated_at AS TIMESTAMPTZ),
    observed_at
FROM (
    SELECT *, json_transform(fields, '{
        "project_code": "VARCHAR",
        "legal_entity_id": "VARCHAR",
        "period_starts_on": "VARCHAR",
        "currency": "VARCHAR",
        "cost": {"amount": "VARCHAR"},
        "revenue": {"amount": "VARCHAR"},
        "billed": {"amount": "VARCHAR"},
        "hours": "VARCHAR",
        "status": "VARCHAR",
        "revision": "VARCHAR",
        "reason": "VARCHAR",
        "stated_at": "VARCHAR"
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'actual' AND present
)
LEFT JOIN derived.state.cleared cost ON cost.sealed = f.cost.amount
LEFT JOIN derived.state.cleared revenue ON revenue.sealed = f.revenue.amount
LEFT JOIN derived.state.cleared billed ON billed.sealed = f.billed.amount;
