/*
The periods of companies whose fiscal years are of weeks; those of all others are months.

grain: legal_entity, period

    legal_entity  VARCHAR  -    which company of the firm
    period        VARCHAR  -    YYYY-MM: its fiscal year, and the number of the period in it
    first         DATE     day  its first day
    last          DATE     day  its last day
*/

-- mart_calendar: from the days that the books give
CREATE OR REPLACE TABLE derived.state.mart_calendar AS
SELECT z.legal_entity, d.period, min(d.day) AS first, max(d.day) AS last
FROM derived.state.legal_entity z
JOIN derived.state.fiscal_day d ON d.year = z.year
GROUP BY z.legal_entity, d.period;
