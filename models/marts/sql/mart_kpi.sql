/*
The figures with a definition of their own, each with its unit, its target and how many things it rests on. Ratios are
sums over sums, never means of ratios. Beside what is reported stands what it comes to once every open case is settled:
as its evidence says, all of them against the firm, all of them for it.

grain: name

    name         VARCHAR        -     which figure
    value        DECIMAL(18,2)  unit  as reported; none where there is nothing to measure
    unit         VARCHAR        -     h, s, days, %, a currency, or what is counted
    target       DOUBLE         unit  what it should be; none for figures that only inform
    as_of        TIMESTAMPTZ    UTC   up to when the source that lies back furthest was read, as far as known
    n            BIGINT         -     how many projects, items, people, runs or answers it rests on
    adjusted     DECIMAL(18,2)  unit  with every open case settled as its evidence says
    low          DECIMAL(18,2)  unit  the lowest that open cases can make it, all settled against the firm or all for it
    high         DECIMAL(18,2)  unit  the highest that open cases can make it
    numerator    DECIMAL(28,6)  -     of a ratio: what is divided; none of other figures
    denominator  DECIMAL(28,6)  -     of a ratio: by what
    definition   VARCHAR        -     how it is computed
    note         VARCHAR        -     why there is no value: no source yet, and which; else none
*/

-- source: up to when each kind of object was read, in the system where that is longest ago; where all of it was never
-- read, when the newest was seen
CREATE OR REPLACE TABLE derived.state.source AS
SELECT entity, min(coalesce(read_until, observed_at)) AS observed_at
FROM derived.state.mart_source
WHERE observed_at IS NOT NULL
GROUP BY entity;

-- mart_kpi: the worlds of each figure side by side
CREATE OR REPLACE TABLE derived.state.mart_kpi AS
WITH figure AS (  -- cast family by family: one DOUBLE among them would make all of them lose cents
    SELECT * REPLACE (CAST(numerator AS DECIMAL(28,6)) AS numerator, CAST(denominator AS DECIMAL(28,6)) AS denominator)
    FROM derived.state.figure_flow
    UNION ALL BY NAME
    SELECT * REPLACE (CAST(numerator AS DECIMAL(28,6)) AS numerator, CAST(denominator AS DECIMAL(28,6)) AS denominator)
    FROM derived.state.figure_cash
    UNION ALL BY NAME
    SELECT * REPLACE (CAST(numerator AS DECIMAL(28,6)) AS numerator, CAST(denominator AS DECIMAL(28,6)) AS denominator)
    FROM derived.state.figure_people
    UNION ALL BY NAME
    SELECT * REPLACE (CAST(numerator AS DECIMAL(28,6)) AS numerator, CAST(denominator AS DECIMAL(28,6)) AS denominator)
    FROM derived.state.figure_delivery
), measured AS (
    SELECT
        * EXCLUDE (value),
        CASE
            -- Money is summed as it is: as a DOUBLE it would lose cents.
            WHEN numerator IS NOT NULL AND scale IS NULL THEN CAST(numerator AS DECIMAL(18,2))
            WHEN numerator IS NOT NULL
                THEN CAST(round(CAST(numerator AS DOUBLE) * scale / nullif(CAST(denominator AS DOUBLE), 0), 2)
                    AS DECIMAL(18,2))
            ELSE CAST(round(value, 2) AS DECIMAL(18,2))
        END AS value
    FROM figure
), rests AS (
    SELECT
        m.name,
        min(s.observed_at) AS observed_at,
        string_agg(m.entity, ', ' ORDER BY m.entity) FILTER (s.entity IS NULL) AS missing
    FROM (
        SELECT DISTINCT name, unnest(string_split(rests_on, ' ')) AS entity FROM measured WHERE rests_on IS NOT NULL
    ) m
    LEFT JOIN derived.state.source s USING (entity)
    GROUP BY m.name
), side AS (
    SELECT
        name,
        any_value(unit) AS unit,
        max(target) AS target,
        max(n) FILTER (world = 'reported') AS n,
        max(value) FILTER (world = 'reported') AS value,
        max(value) FILTER (world = 'adjusted') AS adjusted,
        min(value) FILTER (world <> 'reported') AS low,
        max(value) FILTER (world <> 'reported') AS high,
        max(numerator) FILTER (world = 'reported' AND scale IS NOT NULL) AS numerator,
        max(denominator) FILTER (world = 'reported' AND scale IS NOT NULL) AS denominator,
        any_value(definition) AS definition
    FROM measured
    GROUP BY name
)
SELECT
    f.name,
    CASE WHEN r.missing IS NULL THEN f.value END AS value,
    f.unit,
    CAST(f.target AS DOUBLE) AS target,
    coalesce(r.observed_at, {now}) AS as_of,
    CAST(CASE WHEN r.missing IS NULL THEN f.n ELSE 0 END AS BIGINT) AS n,
    CASE WHEN r.missing IS NULL THEN coalesce(f.adjusted, f.value) END AS adjusted,
    CASE WHEN r.missing IS NULL THEN least(f.low, coalesce(f.adjusted, f.value)) END AS low,
    CASE WHEN r.missing IS NULL THEN greatest(f.high, coalesce(f.adjusted, f.value)) END AS high,
    CAST(CASE WHEN r.missing IS NULL THEN f.numerator END AS DECIMAL(28,6)) AS numerator,
    CAST(CASE WHEN r.missing IS NULL THEN f.denominator END AS DECIMAL(28,6)) AS denominator,
    f.definition,
    'no source yet: ' || r.missing AS note
FROM side f
LEFT JOIN rests r ON r.name = f.name;
