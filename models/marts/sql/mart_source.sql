/*
Up to which moment each kind of object of each system has been read: what a system lacks says something of that moment
and of none after it, and two systems are compared as of a moment up to which both were read.

grain: system, role, entity

    system       VARCHAR      -    as the installation calls it
    role         VARCHAR      -    crm, erp, psa, ppm or hcm, as far as anybody knows
    entity       VARCHAR      -    the kind of object: time_entry, invoice, exchange_rate …
    observed_at  TIMESTAMPTZ  UTC  the newest observation of one; none where there was none
    read_until   TIMESTAMPTZ  UTC  all of them had been read at this moment, and are in the lake; none: never
    compared     BOOLEAN      -    the tie-out compares its system by these
    swept        BOOLEAN      -    its extracts are noted: what it has no more shows with the next; else by its events
*/

-- mart_source: by its extracts; of a system whose extracts nobody notes, when anything of it was seen last
CREATE OR REPLACE TABLE derived.state.mart_source AS
WITH seen AS (
    SELECT system, entity, max(observed_at) AS observed_at FROM derived.state.seen_at GROUP BY system, entity
), noted AS (
    SELECT DISTINCT system FROM extracts
), source AS (
    SELECT
        coalesce(s.system, e.system) AS system,
        coalesce(s.entity, e.entity) AS entity,
        s.observed_at,
        -- What an extract showed reaches the lake a little later; what one that goes on, or broke off, showed last says
        -- nothing of the rest.
        CASE WHEN e.system IS NULL THEN s.observed_at ELSE e.taken_at - INTERVAL 1 MINUTE END AS read_until
    FROM seen s
    FULL JOIN (SELECT system, entity, taken_at FROM extracts) e ON e.system = s.system AND e.entity = s.entity
)
SELECT
    s.system,
    y.role,
    s.entity,
    s.observed_at,
    CASE WHEN n.system IS NULL THEN w.observed_at ELSE s.read_until END AS read_until,
    n.system IS NULL OR j.list IS NOT NULL AS compared,
    n.system IS NOT NULL AS swept
FROM source s
LEFT JOIN (SELECT system, max(observed_at) AS observed_at FROM seen GROUP BY system) w ON w.system = s.system
LEFT JOIN derived.state.mart_state_system y ON y.system = s.system
LEFT JOIN noted n ON n.system = s.system
LEFT JOIN (SELECT DISTINCT role, list FROM derived.state.compared_list) j ON j.role = y.role AND j.list = s.entity;
