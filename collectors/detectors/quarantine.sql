-- refused: what receivers could not read, of the last day's arrivals; at most 200 pieces of a kind stand for all
SELECT * FROM (
    SELECT quarantine_id, recorded_at, receiver, sender, error_code, reason, path, count(*) OVER kind AS in_all, row_number() OVER (kind ORDER BY recorded_at, quarantine_id) AS place
    FROM quarantine, (SELECT max(recorded_at) AS newest FROM quarantine) WHERE recorded_at > newest - INTERVAL 1 DAY
    WINDOW kind AS (PARTITION BY receiver, error_code)
) WHERE place <= 200;
