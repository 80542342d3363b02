/*
Contracts as each system shows them now.

grain: system, system_id
observed: contract

    system          VARCHAR        -          as the installation calls it
    role            VARCHAR        -          crm, erp, psa, ppm or hcm
    key             VARCHAR        -          the contract's key
    system_id       VARCHAR        -          the system's own id
    project_code    VARCHAR        -          the project it is for; a key of CT-<project code> says so too
    value           DECIMAL(18,2)  currency   what was agreed
    currency        VARCHAR        ISO 4217   of value and cap
    billing_rule    VARCHAR        -          how it is billed
    hold            BOOLEAN        -          nothing may be billed for now
    cap             DECIMAL(18,2)  currency   no more than this may be billed
    milestones      VARCHAR        JSON list  what is billed by milestone
    legal_entity    VARCHAR        -          which company of the firm bills it
    purchase_order  VARCHAR        -          the order that the customer wants named on invoices
    observed_at     TIMESTAMPTZ    UTC        the newest observation
*/

-- put: parse the changed contracts
INSERT INTO derived.state.contract
SELECT
    system,
    role,
    key,
    system_id,
    coalesce(f.project_code, CASE WHEN key LIKE 'CT-%' THEN substr(key, 4) END),
    TRY_CAST(coalesce(worth.value, f.value.amount) AS DECIMAL(18,2)),
    f.value.currency,
    f.billing_rule,
    coalesce(f.hold, false),
    TRY_CAST(coalesce(cap.value, f.cap.amount) AS DECIMAL(18,2)),
    CAST(f.milestones AS VARCHAR),
    legal_entity,
    nullif(trim(f.po), ''),
    observed_at
FROM (
    SELECT *, json_transform(fields, '{
        "project_code": "VARCHAR",
        "value": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "billing_rule": "VARCHAR",
        "hold": "BOOLEAN",
        "cap": {"amount": "VARCHAR"},
        "po": "VARCHAR",
        "milestones": "JSON"
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'contract' AND present
)
LEFT JOIN derived.state.cleared worth ON worth.sealed = f.value.amount
LEFT JOIN derived.state.cleared cap ON cap.sealed = f.cap.amount;

-- follow: a project that got another code keeps the orders that were seen on it before
UPDATE derived.state.contract t
SET project_code = r.called
FROM derived.state.renamed r
WHERE r.system = t.system
    AND r.project_code = t.project_code
    AND t.observed_at >= r.since
    AND t.observed_at < r.left_at;
