/*
Each joint in the reporting currency, every record at the rate of its own day: where all that the source has stands, and
what of the target has no source. Control totals have the same in the currencies themselves.

grain: flow, source, target, entity, legal_entity, period
added: mart_tieout
counted: records

    flow                   VARCHAR        -                   which flow carries it
    source                 VARCHAR        -                   the system that it comes from
    target                 VARCHAR        -                   the system that it goes to
    entity                 VARCHAR        -                   time_entry, expense, contract, budget …
    legal_entity           VARCHAR        -                   which company of the firm it is for
    period                 VARCHAR        -                   the month it belongs to, YYYY-MM
    source_reporting       DECIMAL(18,2)  reporting currency  what the source has
    landed_reporting       DECIMAL(18,2)  reporting currency  of it that landed
    on_its_way_reporting   DECIMAL(18,2)  reporting currency  of it on its way
    cases_reporting        DECIMAL(18,2)  reporting currency  of it that an open case owns
    written_off_reporting  DECIMAL(18,2)  reporting currency  of it written off
    unexplained_reporting  DECIMAL(18,2)  reporting currency  of it that nothing accounts for
    target_reporting       DECIMAL(18,2)  reporting currency  what the target has
    unsourced_reporting    DECIMAL(18,2)  reporting currency  of it that is not what the source has
    unowned_reporting      DECIMAL(18,2)  reporting currency  of that what no case owns and is no longer in time
    unconverted            BIGINT         records             with money that no rate of their day converts
    records                BIGINT         records             of either side
*/

-- mart_joint: each side by its own company and month
CREATE OR REPLACE TABLE derived.state.mart_joint AS
WITH side AS (
    SELECT
        flow,
        source,
        target,
        entity,
        legal_entity,
        period,
        place,
        source_reporting AS amount,
        NULL AS held,
        NULL AS unsourced,
        NULL AS unowned,
        source_amount <> 0 AND source_reporting IS NULL AS unconverted
    FROM derived.state.mart_tieout
    WHERE source_key IS NOT NULL
    UNION ALL
    SELECT
        flow,
        source,
        target,
        entity,
        target_legal_entity,
        target_period,
        NULL,
        NULL,
        target_reporting,
        place <> 'landed',
        place = 'unexplained' OR (place = 'unsourced' AND NOT in_time AND case_id IS NULL),
        target_amount <> 0 AND target_reporting IS NULL
    FROM derived.state.mart_tieout
    WHERE target_key IS NOT NULL
)
SELECT
    flow,
    source,
    target,
    entity,
    legal_entity,
    period,
    CAST(coalesce(sum(amount), 0) AS DECIMAL(18,2)) AS source_reporting,
    CAST(coalesce(sum(amount) FILTER (place = 'landed'), 0) AS DECIMAL(18,2)) AS landed_reporting,
    CAST(coalesce(sum(amount) FILTER (place = 'on_its_way'), 0) AS DECIMAL(18,2)) AS on_its_way_reporting,
    CAST(coalesce(sum(amount) FILTER (place = 'case'), 0) AS DECIMAL(18,2)) AS cases_reporting,
    CAST(coalesce(sum(amount) FILTER (place = 'written_off'), 0) AS DECIMAL(18,2)) AS written_off_reporting,
    CAST(coalesce(sum(amount) FILTER (place = 'unexplained'), 0) AS DECIMAL(18,2)) AS unexplained_reporting,
    CAST(coalesce(sum(held), 0) AS DECIMAL(18,2)) AS target_reporting,
    CAST(coalesce(sum(held) FILTER (unsourced), 0) AS DECIMAL(18,2)) AS unsourced_reporting,
    CAST(coalesce(sum(held) FILTER (unowned), 0) AS DECIMAL(18,2)) AS unowned_reporting,
    count(*) FILTER (unconverted) AS unconverted,
    count(*) AS records
FROM side
GROUP BY ALL;
