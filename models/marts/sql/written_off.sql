/*
What was written off as it stood.

grain: flow, entity, item_key, amount, currency

    flow         VARCHAR        -         which flow should have carried it
    entity       VARCHAR        -         what it is
    item_key     VARCHAR        -         the business fact
    amount       DECIMAL(18,2)  currency  what it was worth then
    currency     VARCHAR        ISO 4217  of amount
    approved_at  TIMESTAMPTZ    UTC       when the second person agreed, first
    records      BIGINT         records   how many of this amount: one for each time that two people agreed
*/

-- written_off: what one person asked for and another approved; once it is worth something else it is not this any more
CREATE OR REPLACE TABLE derived.state.written_off AS
SELECT flow, entity, item_key, amount, currency, min(approved_at) AS approved_at, count(*) AS records
FROM write_offs
WHERE approved_at IS NOT NULL AND approved_by <> asked_by AND reversed_at IS NULL
GROUP BY flow, entity, item_key, amount, currency;
