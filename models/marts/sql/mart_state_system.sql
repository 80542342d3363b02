/*
When each system was last seen to change, and up to when it was read; what it lacked by then says nothing of later.

grain: system, role

    system       VARCHAR      -    as the installation calls it
    role         VARCHAR      -    crm, erp, psa, ppm or hcm
    observed_at  TIMESTAMPTZ  UTC  the newest observation of any of its objects
    read_at      TIMESTAMPTZ  UTC  all of it had been read at this moment, whether it had changed or not; none: never
*/

-- mart_state_system: of all systems that have shown a project, customer, person or item
CREATE OR REPLACE TABLE derived.state.mart_state_system AS
WITH known AS (
    SELECT DISTINCT system, role
    FROM derived.state.seen_at
    WHERE entity IN ('project', 'customer', 'resource', 'time_entry', 'expense')
), extract AS (
    SELECT system, CASE WHEN bool_and(taken_at IS NOT NULL) THEN min(taken_at) END AS at FROM extracts GROUP BY system
)
SELECT
    p.system,
    p.role,
    max(p.observed_at) AS observed_at,
    CASE WHEN any_value(e.system) IS NULL THEN max(p.observed_at) ELSE any_value(e.at) END AS read_at
FROM derived.state.seen_at p
SEMI JOIN known k USING (system, role)
LEFT JOIN extract e ON e.system = p.system
GROUP BY ALL;
