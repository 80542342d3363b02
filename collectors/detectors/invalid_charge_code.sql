-- booked: time and expenses on a code that is unknown, inactive, absent or another project's
-- It finds them before the flow meets them (`code_fault`) as well as after (`blocker`).
WITH bad AS (
    SELECT *, CASE WHEN blocker LIKE 'charge-code-%' THEN blocker ELSE code_fault END AS fault
    FROM mart_work
    WHERE blocker LIKE 'charge-code-%' OR (state = 'not_approved' AND code_fault IS NOT NULL)
), wanted AS (
    SELECT DISTINCT project_key, charge_code, fault
    FROM bad
    WHERE fault IN ('charge-code-unknown', 'charge-code-of-other-project')
), near AS (
    SELECT
        w.project_key,
        w.charge_code,
        w.fault,
        c.key AS code,
        damerau_levenshtein(coalesce(w.charge_code, ''), c.key) AS distance
    FROM wanted w
    JOIN mart_state_charge_code c
        ON c.role = 'erp' AND c.active AND c.project_code = w.project_key AND c.key <> w.charge_code
        AND CASE w.fault
            WHEN 'charge-code-unknown' THEN damerau_levenshtein(w.charge_code, c.key) <= 3
            ELSE split_part(w.charge_code, '.', -1) = split_part(c.key, '.', -1)
        END
), nearest AS (
    SELECT
        project_key,
        charge_code,
        fault,
        arg_min(code, (distance, code)) AS suggested,
        min(distance) AS distance
    FROM near
    GROUP BY ALL
)
SELECT
    b.*,
    n.suggested,
    n.distance,
    -- one case is one code, or one code of one project: `code_fingerprint`
    bool_or(b.run_id IS NOT NULL) OVER (
        PARTITION BY
            b.fault,
            b.charge_code,
            CASE WHEN coalesce(b.charge_code, '') = '' OR b.fault LIKE 'charge-code-of-other%' THEN b.project_key END
    ) AS case_has_run,
    (SELECT min(system) FROM mart_state_charge_code WHERE role = 'erp') AS erp
FROM bad b
LEFT JOIN nearest n
    ON n.project_key = b.project_key AND n.charge_code IS NOT DISTINCT FROM b.charge_code AND n.fault = b.fault;
