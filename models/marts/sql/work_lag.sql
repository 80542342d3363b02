/*
How long work took from the day to the person's word, and from that to its approval: how many items took how long. A
day begins at midnight where the company is.

grain: step, seconds
added: mart_work
counted: items

    step     VARCHAR  -      entry (worked to handed in) or approval (handed in to approved)
    seconds  BIGINT   s      how long it took
    items    BIGINT   items  that took so long
*/

-- work_lag: counted
CREATE OR REPLACE TABLE derived.state.work_lag AS
SELECT
    'entry' AS step,
    (
        epoch_us(w.submitted_at) - epoch_us(CAST(w.work_date AS TIMESTAMP) AT TIME ZONE coalesce(z.zone, 'UTC'))
    ) // 1000000 AS seconds,
    count(*) AS items
FROM derived.state.mart_work w
LEFT JOIN derived.state.legal_entity z ON z.legal_entity = w.legal_entity
WHERE w.kind = 'time' AND w.submitted_at IS NOT NULL AND w.work_date IS NOT NULL
GROUP BY ALL
UNION ALL
SELECT 'approval', (epoch_us(approved_at) - epoch_us(submitted_at)) // 1000000, count(*)
FROM derived.state.mart_work
WHERE kind <> 'milestone' AND approved_at >= submitted_at
GROUP BY ALL;
