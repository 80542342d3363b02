-- sales: won sales that have one project code, in whatever spelling; the first one is the project's
WITH coded AS (
    SELECT *, trim(regexp_replace(upper(key), '[^[:alnum:]]+', '-', 'g'), '-') AS code
    FROM mart_state_project
    WHERE role = 'crm'
), numbered AS (
    SELECT
        *,
        first_value(key) OVER w AS first_key,
        first_value(system_id) OVER w AS first_id,
        row_number() OVER w AS place,
        count(*) OVER (PARTITION BY code) AS n
    FROM coded
    WINDOW w AS (PARTITION BY code ORDER BY first_seen, closed_at NULLS LAST, system, system_id)
), refused AS (
    SELECT payload->>'$.ref.id' AS id, max(run_id) AS run_id, arg_max(trace_id, run_id) AS trace_id
    FROM open_runs
    WHERE flow = 'quote-to-project' AND state = 'dead'
    GROUP BY 1
)
SELECT
    s.*,
    r.run_id,
    r.trace_id,
    -- At the rate of the day on which it was won.
    CAST(s.value * coalesce(z.rate, h.rate) AS DECIMAL(18,2)) AS reporting
FROM (
    SELECT n.*, CAST(n.closed_at AT TIME ZONE coalesce(t.zone, 'UTC') AS DATE) AS won_on
    FROM numbered n
    LEFT JOIN mart_today t ON t.legal_entity = n.legal_entity
    WHERE n.n > 1
) s
ASOF LEFT JOIN mart_fx_history h ON h.currency = s.currency AND s.won_on >= h.valid_from
LEFT JOIN mart_fx_closed z ON z.legal_entity = s.legal_entity AND z.currency = s.currency AND z.day = s.won_on
LEFT JOIN refused r ON r.id = s.system_id AND s.place > 1;

-- copies: projects of one system that have one code, in whatever spelling
WITH coded AS (
    SELECT *, trim(regexp_replace(upper(key), '[^[:alnum:]]+', '-', 'g'), '-') AS code
    FROM mart_state_project
    WHERE role <> 'crm'
)
SELECT
    *,
    first_value(key) OVER w AS first_key,
    first_value(system_id) OVER w AS first_id,
    row_number() OVER w AS place
FROM coded
WINDOW w AS (PARTITION BY system, code ORDER BY first_seen, system_id)
QUALIFY count(*) OVER (PARTITION BY system, code) > 1;
