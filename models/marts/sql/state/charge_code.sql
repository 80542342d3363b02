/*
Charge codes as each system shows them now.

grain: system, system_id
observed: charge_code
published: mart_state_charge_code

    system        VARCHAR      -    as the installation calls it
    role          VARCHAR      -    crm, erp, psa, ppm or hcm
    key           VARCHAR      -    the code
    system_id     VARCHAR      -    the system's own id
    project_code  VARCHAR      -    the project whose line it is
    active        BOOLEAN      -    whether time can be posted on it
    billable      BOOLEAN      -    whether the customer pays for what is posted on it
    legal_entity  VARCHAR      -    which company of the firm it belongs to
    observed_at   TIMESTAMPTZ  UTC  the newest observation
*/

-- put: parse the changed charge codes
INSERT INTO derived.state.charge_code
SELECT
    system,
    role,
    key,
    system_id,
    f.project_code,
    coalesce(f.active, true),
    coalesce(f.billable, true),
    legal_entity,
    observed_at
FROM (
    SELECT *, json_transform(fields, '{"project_code": "VARCHAR", "active": "BOOLEAN", "billable": "BOOLEAN"}') AS f
    FROM derived.state.fresh
    WHERE entity = 'charge_code' AND present
);

-- follow: a project that got another code keeps its charge codes
UPDATE derived.state.charge_code t
SET project_code = r.called
FROM derived.state.renamed r
WHERE r.system = t.system
    AND r.project_code = t.project_code
    AND t.observed_at >= r.since
    AND t.observed_at < r.left_at;
