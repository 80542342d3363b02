/*
Projects as each system shows them now.

grain: system, system_id
observed: project
published: mart_state_project

    system          VARCHAR        -                 as the installation calls it
    role            VARCHAR        -                 crm, erp, psa, ppm or hcm
    key             VARCHAR        -                 the project's code, the same in every system
    system_id       VARCHAR        -                 the system's own id
    name            VARCHAR        -                 what it is called there
    status          VARCHAR        -                 in that system's words; active where it says nothing
    customer_key    VARCHAR        -                 whose project it is
    currency        VARCHAR        ISO 4217          what it is kept in
    legal_entity    VARCHAR        -                 which company of the firm it belongs to
    service_line    VARCHAR        -                 what kind of work it is
    practice        VARCHAR        -                 which practice does it
    contract_type   VARCHAR        -                 how it is billed
    value           DECIMAL(18,2)  currency          what it is sold for
    cost            DECIMAL(18,2)  currency          what it is planned to cost
    target_margin   DECIMAL(9,4)   share of revenue  what it should earn, 0.35 is 35 %
    closed_at       TIMESTAMPTZ    UTC               when the sale was won
    starts_on       DATE           day               planned first day
    ends_on         DATE           day               planned last day
    missing         VARCHAR        JSON list         required fields that the system has empty
    observed_at     TIMESTAMPTZ    UTC               the newest observation
    first_seen      TIMESTAMPTZ    UTC               the oldest observation under this code
    milestones      VARCHAR        JSON list         what was sold by milestone, as the system shows it
    cap             DECIMAL(18,2)  currency          no more than this may be billed
    purchase_order  VARCHAR        -                 the order that the customer wants named on invoices
*/

-- put: parse the changed projects
INSERT INTO derived.state.project
SELECT
    system,
    role,
    key,
    system_id,
    f.name,
    coalesce(f.status, 'active'),
    f.customer_key,
    coalesce(f.currency, f.value.currency),
    coalesce(f.legal_entity_id, legal_entity),
    f.service_line,
    f.practice,
    f.contract_type,
    TRY_CAST(coalesce(worth.value, f.value.amount) AS DECIMAL(18,2)),
    TRY_CAST(coalesce(cost.value, f.cost.amount) AS DECIMAL(18,2)),
    TRY_CAST(coalesce(margin.value, f.target_margin) AS DECIMAL(9,4)),
    TRY_CAST(f.closed_at AS TIMESTAMPTZ),
    TRY_CAST(f.starts_on AS DATE),
    TRY_CAST(f.ends_on AS DATE),
    CAST(f.missing AS VARCHAR),
    observed_at,
    p.first_seen,
    CAST(f.milestones AS VARCHAR),
    TRY_CAST(coalesce(cap.value, f.cap.amount) AS DECIMAL(18,2)),
    nullif(trim(f.purchase_order), '')
FROM (
    SELECT *, json_transform(fields, '{
        "name": "VARCHAR",
        "status": "VARCHAR",
        "customer_key": "VARCHAR",
        "currency": "VARCHAR",
        "legal_entity_id": "VARCHAR",
        "service_line": "VARCHAR",
        "practice": "VARCHAR",
        "contract_type": "VARCHAR",
        "value": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "cost": {"amount": "VARCHAR"},
        "target_margin": "VARCHAR",
        "closed_at": "VARCHAR",
        "starts_on": "VARCHAR",
        "ends_on": "VARCHAR",
        "missing": "JSON",
        "milestones": "JSON",
        "cap": {"amount": "VARCHAR"},
        "purchase_order": "VARCHAR"
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'project' AND present
)
LEFT JOIN derived.state.cleared worth ON worth.sealed = f.value.amount
LEFT JOIN derived.state.cleared cost ON cost.sealed = f.cost.amount
LEFT JOIN derived.state.cleared margin ON margin.sealed = f.target_margin
LEFT JOIN derived.state.cleared cap ON cap.sealed = f.cap.amount
JOIN (SELECT system, system_id, first_seen FROM derived.state.newplace WHERE entity = 'project') p
    USING (system, system_id);
