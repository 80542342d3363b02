-- open_runs: the runs that detectors look at, read when the journal moved, by its own indexes
CREATE OR REPLACE TEMP TABLE open_runs AS
SELECT * FROM {runs} WHERE state IN ('ready', 'running', 'waiting', 'in_doubt', 'dead');

-- set_ups: the last time each project was set up, whatever became of it: replayed from its start, it makes it again
CREATE OR REPLACE TEMP TABLE set_ups AS
SELECT
    business_key,
    arg_max(run_id, created_at) AS run_id,
    arg_max(state, created_at) AS state,
    max(updated_at) AS updated_at
FROM runs WHERE flow = 'quote-to-project' AND state IN ('settled', 'dead')
GROUP BY business_key;

-- rates: units of the reporting currency for one unit of each currency
SELECT currency, rate FROM mart_fx;
