/*
The hours of which it is known that nothing more would have come unheard: somebody watched, or something came.

grain: hour

    hour  TIMESTAMPTZ  UTC  the hour's first moment
*/

-- watched: either tells
CREATE OR REPLACE TABLE derived.state.watched AS
SELECT hour FROM derived.state.mart_watch
UNION
SELECT hour FROM derived.state.mart_arrival;
