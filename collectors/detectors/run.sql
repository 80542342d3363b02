-- open_runs: the runs that detectors look at, read when the journal moved, by its own indexes
CREATE OR REPLACE TEMP TABLE open_runs AS
SELECT r.* REPLACE (coalesce(amount, TRY_CAST(c.value AS DECIMAL(18,2))) AS amount)
FROM {runs} r
LEFT JOIN derived.state.cleared c ON c.sealed = r.sealed_amount
WHERE state IN ('ready', 'running', 'waiting', 'in_doubt', 'dead') AND flow <> 'replay-elsewhere';

-- set_ups: the last time each project was set up, whatever became of it: replayed from its start, it makes it again
CREATE OR REPLACE TEMP TABLE set_ups AS
SELECT
    business_key,
    arg_max(run_id, created_at) AS run_id,
    arg_max(state, created_at) AS state,
    max(updated_at) AS updated_at
FROM {set_up_runs}
GROUP BY business_key;

-- rates: units of the reporting currency for one unit of each currency
SELECT currency, rate FROM mart_fx;

-- totals: control totals, each with what is apart in it
WITH apart AS (
    SELECT flow, source, target, entity, legal_entity, currency, period, reason, count(*) AS n
    FROM mart_tieout
    WHERE place <> 'landed'
    GROUP BY ALL
), said AS (
    SELECT
        flow,
        source,
        target,
        entity,
        legal_entity,
        currency,
        period,
        string_agg(n || ' ' || reason, ', ' ORDER BY reason) AS apart
    FROM apart
    GROUP BY ALL
)
SELECT t.*, s.apart, c.last AS period_ends
FROM mart_totals t
LEFT JOIN mart_calendar c ON c.legal_entity = t.legal_entity AND c.period = t.period
LEFT JOIN said s
    ON s.flow = t.flow
    AND s.source = t.source
    AND s.target = t.target
    AND s.entity = t.entity
    AND s.legal_entity IS NOT DISTINCT FROM t.legal_entity
    AND s.currency IS NOT DISTINCT FROM t.currency
    AND s.period IS NOT DISTINCT FROM t.period;

-- figures: as they were shown last on the days until this one, as far back as a collector may have been away
SELECT * FROM mart_kpi_day WHERE basis = 'kept' AND day <= $1 AND day > $1::DATE - 31 ORDER BY day, name;
