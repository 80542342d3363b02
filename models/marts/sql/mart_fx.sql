/*
Units of the reporting currency for one unit of each currency, the latest known rate.

grain: currency

    currency  VARCHAR        ISO 4217                     what is converted; the reporting currency itself has rate 1
    rate      DECIMAL(19,8)  reporting currency per unit  19 digits, for DuckDB keeps products of at most 18 in 64 bits
    as_of     TIMESTAMPTZ    UTC                          of what moment it is; the reporting currency has the newest
*/

-- mart_fx: the rate observed last, whichever system showed it, and the reporting currency beside it
CREATE OR REPLACE TABLE memory.state.mart_fx AS
SELECT
    key AS currency,
    CAST(rate AS DECIMAL(19,8)) AS rate,
    coalesce(TRY_CAST(as_of AS TIMESTAMPTZ), observed_at) AS as_of
FROM memory.state.rate
WHERE key <> {currency}
QUALIFY row_number() OVER (PARTITION BY key ORDER BY observed_at DESC, system) = 1
UNION ALL
SELECT
    {currency},
    CAST(1 AS DECIMAL(19,8)),
    coalesce((SELECT max(observed_at) FROM memory.state.rate), date_trunc('day', {now}));
