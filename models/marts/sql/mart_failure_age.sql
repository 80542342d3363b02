/*
Open failures by age, count and money, in the buckets that every integration report uses.

grain: flow, legal_entity, bucket_order

    flow              VARCHAR        -                   whose runs failed
    legal_entity      VARCHAR        -                   which company of the firm they are for, if any
    bucket            VARCHAR        -                   how long ago, as people read it
    bucket_order      INTEGER        1 to 6              the buckets from young to old; from 4 on older than a day
    failures          BIGINT         runs                dead and nobody has mended them yet
    amount_reporting  DECIMAL(18,2)  reporting currency  what those runs carry, each to the cent; 0 without a rate
*/

-- mart_failure_age: a failure ages from the first of its lineage
CREATE OR REPLACE TABLE derived.state.mart_failure_age AS
WITH aged AS (
    SELECT
        flow,
        legal_entity,
        (epoch_us({now}) - epoch_us(failed_at)) / 3600000000.0 AS hours,
        amount_reporting AS money
    FROM derived.state.mart_failure
), placed AS (
    SELECT *, CASE
        WHEN hours < 1 THEN 1
        WHEN hours < 4 THEN 2
        WHEN hours < 24 THEN 3
        WHEN hours < 72 THEN 4
        WHEN hours < 168 THEN 5
        ELSE 6
    END AS bucket_order
    FROM aged
)
SELECT
    flow,
    legal_entity,
    ['< 1 h', '1–4 h', '4–24 h', '1–3 d', '3–7 d', '> 7 d'][bucket_order] AS bucket,
    CAST(bucket_order AS INTEGER) AS bucket_order,
    count(*) AS failures,
    CAST(coalesce(sum(money), 0) AS DECIMAL(18,2)) AS amount_reporting
FROM placed
GROUP BY ALL;
