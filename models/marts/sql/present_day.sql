/*
What day it is in each zone of the firm.

grain: zone

    zone  VARCHAR  -    of a company, or UTC
    day   DATE     day  that it is there
*/

-- present_day: each zone once
CREATE OR REPLACE TABLE derived.state.present_day AS
SELECT DISTINCT zone, today AS day FROM derived.state.mart_today;
