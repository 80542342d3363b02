/*
What day it is for the firm as a whole: the one that is not over yet for the last of its companies. Its figures are of
that day, and of weeks and years that end with it.

grain: day

    day  DATE  day  of the company that is furthest west; UTC's where the catalogue names none
*/

-- firm_day: one row
CREATE OR REPLACE TABLE derived.state.firm_day AS
SELECT coalesce(min(today) FILTER (legal_entity <> ''), min(today)) AS day FROM derived.state.mart_today;
