/*
Days on which nobody works in a company: its holidays by the HCM, and by the catalogue's calendar.

grain: legal_entity, day

    legal_entity  VARCHAR  -    which company of the firm
    day           DATE     day  a holiday there
*/

-- closed_day: each once
CREATE OR REPLACE TABLE derived.state.closed_day AS
SELECT legal_entity, day FROM derived.state.holiday WHERE legal_entity IS NOT NULL AND day IS NOT NULL
UNION
SELECT legal_entity, day FROM derived.state.book_holiday;
