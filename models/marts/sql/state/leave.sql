/*
Hours that people are away, day by day.

grain: system, system_id
observed: leave
published: mart_state_leave

    system        VARCHAR       -    as the installation calls it
    role          VARCHAR       -    crm, erp, psa, ppm or hcm
    key           VARCHAR       -    the person, the day and the kind
    system_id     VARCHAR       -    the system's own id
    resource_key  VARCHAR       -    who is away
    day           DATE          day  on which day
    hours         DECIMAL(8,2)  h    how long
    kind          VARCHAR       -    vacation, sick leave … in the system's words
    legal_entity  VARCHAR       -    which company of the firm employs the person
*/

-- put: parse the changed days off
INSERT INTO derived.state.leave
SELECT
    system,
    role,
    key,
    system_id,
    f.resource_number,
    TRY_CAST(f.day AS DATE),
    TRY_CAST(f.hours AS DECIMAL(8,2)),
    f.kind,
    legal_entity
FROM (
    SELECT *, json_transform(fields, '{
        "resource_number": "VARCHAR",
        "day": "VARCHAR",
        "hours": "VARCHAR",
        "kind": "VARCHAR"
    }') AS f
    FROM derived.state.fresh
    WHERE entity = 'leave' AND present
);
