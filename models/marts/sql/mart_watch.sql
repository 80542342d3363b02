/*
The hours in which somebody watched: a collector was there and derived what had come. That nothing came in another hour
says nothing. They are kept, since nothing can tell them later.

grain: hour
kept: hour

    hour  TIMESTAMPTZ  UTC  the hour's first moment, of world time
*/

-- make: hours are kept
CREATE TABLE IF NOT EXISTS derived.state.mart_watch ({columns});

-- restore: what readers had before this process began
INSERT INTO derived.state.mart_watch BY NAME
SELECT * FROM mart_watch WHERE NOT EXISTS (SELECT 1 FROM derived.state.mart_watch);

-- now: the present one
INSERT INTO derived.state.mart_watch BY NAME
SELECT date_trunc('hour', {now}) AS hour
EXCEPT
SELECT hour FROM derived.state.mart_watch;

-- forget: what no flow is compared with any more
DELETE FROM derived.state.mart_watch WHERE hour < {now} - INTERVAL 182 DAY;
