/*
What was written off as it stood.

grain: flow, entity, item_key, amount

    flow      VARCHAR        -         which flow should have carried it
    entity    VARCHAR        -         what it is
    item_key  VARCHAR        -         the business fact
    amount    DECIMAL(18,2)  currency  what it was worth then
    currency  VARCHAR        ISO 4217  of amount
*/

-- written_off: what one person asked for and another approved; once it is worth something else it is not this any more
CREATE OR REPLACE TABLE derived.state.written_off AS
SELECT DISTINCT flow, entity, item_key, amount, currency
FROM write_offs
WHERE approved_at IS NOT NULL AND approved_by <> asked_by AND reversed_at IS NULL;
