-- refused: what receivers could not read within the last day of wall time, by receiver, sender and fault
-- At most 200 pieces stand for all.
SELECT *
FROM (
    SELECT
        quarantine_id,
        recorded_at,
        receiver,
        sender,
        error_code,
        reason,
        path,
        count(*) OVER kind AS in_all,
        row_number() OVER (kind ORDER BY recorded_at, quarantine_id) AS place
    FROM quarantine
    WHERE recorded_at > {wall} - INTERVAL 1 DAY
    WINDOW kind AS (PARTITION BY receiver, sender, error_code)
)
WHERE place <= 200;
