/*
What each flow took in, hour by hour, by the system that it came from: events that were admitted, and of a flow that
runs elsewhere the runs that were heard of. Half a year is kept. A flow of which not all traces come is not counted:
what is missing proves nothing there.

grain: hour, flow, system, instance, legal_entity

    hour          TIMESTAMPTZ  UTC     the hour's first moment, of world time
    flow          VARCHAR      -       which flow
    system        VARCHAR      -       where it came from; of a flow that runs elsewhere the service that runs it
    instance      VARCHAR      -       which of several engines of one service
    legal_entity  VARCHAR      -       which company of the firm it was about; empty where nothing tells
    arrivals      BIGINT       events  taken in, or runs
    last_at       TIMESTAMPTZ  UTC     when the last of them came
*/

-- make: what came is counted once, batch by batch as long as a batch is read again
CREATE TABLE IF NOT EXISTS derived.state.arrived (
    batch_id BIGINT,
    hour TIMESTAMPTZ,
    flow VARCHAR,
    system VARCHAR,
    legal_entity VARCHAR,
    arrivals BIGINT,
    last_at TIMESTAMPTZ
);

-- arrived: what was counted, and what is new
CREATE OR REPLACE TABLE derived.state.arrived AS
WITH counted AS (
    SELECT * FROM derived.state.arrived WHERE batch_id <= {mark}
    UNION ALL
    SELECT
        batch_id,
        date_trunc('hour', occurred_at),
        flow,
        coalesce(system, ''),
        coalesce(legal_entity, ''),
        count(*),
        max(occurred_at)
    FROM records
    WHERE batch_id > {mark}
        AND kind = 'source_event'
        AND coalesce(status, 'admitted') = 'admitted'
        AND flow IS NOT NULL
    GROUP BY ALL
)
SELECT
    CASE WHEN batch_id > {mark} THEN batch_id ELSE 0 END AS batch_id,
    hour,
    flow,
    system,
    legal_entity,
    CAST(sum(arrivals) AS BIGINT) AS arrivals,
    max(last_at) AS last_at
FROM counted
WHERE hour > (SELECT max(hour) FROM counted) - INTERVAL 182 DAY
GROUP BY ALL;

-- mart_arrival: ours as they were admitted, others' as they were heard of, which may be long after they began
CREATE OR REPLACE TABLE derived.state.mart_arrival AS
SELECT
    hour,
    flow,
    system,
    '' AS instance,
    legal_entity,
    CAST(sum(arrivals) AS BIGINT) AS arrivals,
    max(last_at) AS last_at
FROM derived.state.arrived
GROUP BY ALL
UNION ALL
SELECT
    date_trunc('hour', heard_at),
    flow,
    system,
    instance,
    coalesce(legal_entity, ''),
    count(*),
    max(heard_at)
FROM derived.state.mart_foreign_run
WHERE heard_at > (SELECT max(heard_at) FROM derived.state.mart_foreign_run) - INTERVAL 182 DAY
    AND rule NOT IN (SELECT rule FROM derived.state.foreign_rule WHERE sampled)
GROUP BY ALL;
