/*
Control totals: what each source has and where all of it stands, what each target has and how much of it has its source.
Every place is counted from its own records, so that source = landed + on its way + cases + written off + unexplained,
and target = landed + unsourced, can be seen to hold.

grain: flow, source, target, entity, legal_entity, currency, period
added: mart_tieout
counted: records

    flow                VARCHAR        -         which flow carries it
    source              VARCHAR        -         the system that it comes from
    target              VARCHAR        -         the system that it goes to
    entity              VARCHAR        -         time_entry, contract, invoice_line, actual_cost …
    legal_entity        VARCHAR        -         which company of the firm it is for
    currency            VARCHAR        ISO 4217  of all amounts
    period              VARCHAR        -         the month it belongs to, YYYY-MM
    source_count        BIGINT         records   that the source has
    source_amount       DECIMAL(18,2)  currency  of them
    landed_count        BIGINT         records   that the target holds the same
    landed_amount       DECIMAL(18,2)  currency  of them
    on_its_way_count    BIGINT         records   within the flow's service level
    on_its_way_amount   DECIMAL(18,2)  currency  of them
    cases_count         BIGINT         records   that an open case owns
    cases_amount        DECIMAL(18,2)  currency  of them
    written_off_count   BIGINT         records   that two people agreed to write off
    written_off_amount  DECIMAL(18,2)  currency  of them
    unexplained_count   BIGINT         records   that nothing accounts for
    unexplained_amount  DECIMAL(18,2)  currency  of them
    target_count        BIGINT         records   that the target has
    target_amount       DECIMAL(18,2)  currency  of them
    unsourced_count     BIGINT         records   of the target that are not what the source has
    unsourced_amount    DECIMAL(18,2)  currency  of them
    unowned_count       BIGINT         records   of these, those that no case owns and that are no longer in time
    unowned_amount      DECIMAL(18,2)  currency  of them
    records             BIGINT         records   of either side, with an amount or without
*/

-- mart_totals: each side by its own company, currency and month
CREATE OR REPLACE TABLE derived.state.mart_totals AS
WITH side AS (
    SELECT
        flow,
        source,
        target,
        entity,
        legal_entity,
        currency,
        period,
        place,
        source_amount AS amount,
        NULL AS held,
        NULL AS unsourced,
        NULL AS unowned
    FROM derived.state.mart_tieout
    WHERE source_key IS NOT NULL
    UNION ALL
    SELECT
        flow,
        source,
        target,
        entity,
        target_legal_entity,
        target_currency,
        target_period,
        NULL,
        NULL,
        target_amount,
        place <> 'landed',
        place = 'unexplained' OR (place = 'unsourced' AND NOT in_time AND case_id IS NULL)
    FROM derived.state.mart_tieout
    WHERE target_key IS NOT NULL
)
SELECT
    flow,
    source,
    target,
    entity,
    legal_entity,
    currency,
    period,
    count(amount) AS source_count,
    CAST(coalesce(sum(amount), 0) AS DECIMAL(18,2)) AS source_amount,
    count(*) FILTER (place = 'landed') AS landed_count,
    CAST(coalesce(sum(amount) FILTER (place = 'landed'), 0) AS DECIMAL(18,2)) AS landed_amount,
    count(*) FILTER (place = 'on_its_way') AS on_its_way_count,
    CAST(coalesce(sum(amount) FILTER (place = 'on_its_way'), 0) AS DECIMAL(18,2)) AS on_its_way_amount,
    count(*) FILTER (place = 'case') AS cases_count,
    CAST(coalesce(sum(amount) FILTER (place = 'case'), 0) AS DECIMAL(18,2)) AS cases_amount,
    count(*) FILTER (place = 'written_off') AS written_off_count,
    CAST(coalesce(sum(amount) FILTER (place = 'written_off'), 0) AS DECIMAL(18,2)) AS written_off_amount,
    count(*) FILTER (place = 'unexplained') AS unexplained_count,
    CAST(coalesce(sum(amount) FILTER (place = 'unexplained'), 0) AS DECIMAL(18,2)) AS unexplained_amount,
    count(held) AS target_count,
    CAST(coalesce(sum(held), 0) AS DECIMAL(18,2)) AS target_amount,
    count(*) FILTER (unsourced) AS unsourced_count,
    CAST(coalesce(sum(held) FILTER (unsourced), 0) AS DECIMAL(18,2)) AS unsourced_amount,
    count(*) FILTER (unowned) AS unowned_count,
    CAST(coalesce(sum(held) FILTER (unowned), 0) AS DECIMAL(18,2)) AS unowned_amount,
    count(*) AS records
FROM side
GROUP BY ALL;
