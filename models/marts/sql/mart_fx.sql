/*
Units of the reporting currency for one unit of each currency today; mart_fx_history has those of other days.

grain: currency

    currency  VARCHAR         ISO 4217                     what is converted; the reporting currency itself has rate 1
    rate      DECIMAL(28,12)  reporting currency per unit  of the latest day that has come
    as_of     TIMESTAMPTZ     UTC                          the day that it is of; of the reporting currency the newest
    through   VARCHAR         ISO 4217                     the third currency, where there is no direct rate
    stale     BOOLEAN         -                            older than the installation's policy allows
*/

-- mart_fx: the rate that holds today, and the reporting currency beside it
CREATE OR REPLACE TABLE derived.state.mart_fx AS
WITH today AS (
    SELECT *
    FROM derived.state.mart_fx_history
    WHERE currency <> {currency} AND valid_from <= (SELECT day FROM derived.state.firm_day)
    QUALIFY row_number() OVER (PARTITION BY currency ORDER BY valid_from DESC) = 1
)
SELECT
    currency,
    rate,
    CAST(quoted_on AS TIMESTAMPTZ) AS as_of,
    through,
    quoted_on < (SELECT day FROM derived.state.firm_day) - {rate_days} AS stale
FROM today
UNION ALL
SELECT
    {currency},
    CAST(1 AS DECIMAL(28,12)),
    coalesce((SELECT max(quoted_on) FROM today), (SELECT day FROM derived.state.firm_day)),
    NULL,
    false;
