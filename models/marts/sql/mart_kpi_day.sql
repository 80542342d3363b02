/*
The figures day by day, for their trends. The days of the last year that nobody watched are filled in from the dates of
today's records, for the figures that dates alone can tell; all other rows are what was shown last on their day: they
are sealed in the lake once it is over, and a rebuild brings them back from there.

grain: day, name
kept: day

    day          DATE           day   the firm's day: over once it is for all of its companies
    name         VARCHAR        -     which figure
    value        DECIMAL(18,2)  unit  as reported last on that day
    adjusted     DECIMAL(18,2)  unit  with every open case settled as its evidence says; none of filled days
    low          DECIMAL(18,2)  unit  the lowest that open cases could make it then; none of filled days
    high         DECIMAL(18,2)  unit  the highest that open cases could make it then; none of filled days
    numerator    DECIMAL(28,6)  -     of a ratio: what is divided
    denominator  DECIMAL(28,6)  -     of a ratio: by what
    n            BIGINT         -     how many things it rested on
    unit         VARCHAR        -     as in mart_kpi
    basis        VARCHAR        -     kept (as shown that day) or dated (filled in from the dates of today's records)
    restated     DECIMAL(18,2)  unit  what it was restated as since; none while what was shown stands
*/

-- make: days are kept
CREATE TABLE IF NOT EXISTS derived.state.mart_kpi_day ({columns});

-- restore: what readers had before this process began
INSERT INTO derived.state.mart_kpi_day BY NAME
SELECT * FROM mart_kpi_day WHERE NOT EXISTS (SELECT 1 FROM derived.state.mart_kpi_day);

-- forget: today, told anew, and the days that were filled in
DELETE FROM derived.state.mart_kpi_day
WHERE day >= (SELECT day FROM derived.state.firm_day) OR basis = 'dated';

-- sealed: days that were sealed and that readers have no more
INSERT INTO derived.state.mart_kpi_day BY NAME
SELECT s.* EXCLUDE (restated, record_id, batch_id, n_batch), 'kept' AS basis
FROM derived.state.sealed_figure s
ANTI JOIN derived.state.mart_kpi_day k ON k.day = s.day AND k.name = s.name
WHERE NOT s.restated AND s.day < (SELECT day FROM derived.state.firm_day)
QUALIFY row_number() OVER (PARTITION BY s.day, s.name ORDER BY s.batch_id, s.n_batch) = 1;

-- restated: beside what was shown
UPDATE derived.state.mart_kpi_day AS k
SET restated = s.value
FROM (
    SELECT day, name, arg_max(value, (batch_id, n_batch)) AS value
    FROM derived.state.sealed_figure
    WHERE restated
    GROUP BY day, name
) s
WHERE s.day = k.day AND s.name = k.name AND k.restated IS DISTINCT FROM s.value;

-- today: as it is shown now
INSERT INTO derived.state.mart_kpi_day BY NAME
SELECT
    (SELECT day FROM derived.state.firm_day) AS day,
    name,
    value,
    adjusted,
    low,
    high,
    numerator,
    denominator,
    n,
    unit,
    'kept' AS basis
FROM derived.state.mart_kpi
WHERE value IS NOT NULL;

-- dated: what today's records say of the days on which nobody looked
INSERT INTO derived.state.mart_kpi_day BY NAME
WITH run AS (
    SELECT
        day,
        sum(unbilled) OVER w AS unbilled,
        sum(revenue) OVER w AS revenue,
        sum(cost) OVER w AS cost,
        sum(n) OVER w AS n,
        sum(posted) OVER w AS posted
    FROM derived.state.work_event
    WINDOW w AS (ORDER BY day)
), figure AS (
    SELECT
        day,
        'unbilled_work_in_progress' AS name,
        CAST(unbilled AS DECIMAL(18,2)) AS value,
        NULL AS numerator,
        NULL AS denominator,
        n,
        {currency} AS unit
    FROM run
    UNION ALL
    SELECT
        day,
        'project_gross_margin',
        CAST(round(100 * CAST(revenue - cost AS DOUBLE) / nullif(CAST(revenue AS DOUBLE), 0), 2) AS DECIMAL(18,2)),
        revenue - cost,
        revenue,
        posted,
        '%'
    FROM run
)
SELECT
    f.day,
    f.name,
    f.value,
    CAST(f.numerator AS DECIMAL(28,6)) AS numerator,
    CAST(f.denominator AS DECIMAL(28,6)) AS denominator,
    CAST(f.n AS BIGINT) AS n,
    f.unit,
    'dated' AS basis
FROM figure f
LEFT JOIN derived.state.mart_kpi_day k ON k.day = f.day AND k.name = f.name
WHERE k.day IS NULL
    AND f.value IS NOT NULL
    AND f.day > (SELECT day FROM derived.state.firm_day) - 365
    AND f.day < (SELECT day FROM derived.state.firm_day);
