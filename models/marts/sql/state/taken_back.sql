/*
Work that its source took back, by the events it sent: these come at once, while a reading tells late of a deletion.

grain: system, entity, system_id

    system     VARCHAR      -    as the installation calls it
    entity     VARCHAR      -    time_entry or expense
    system_id  VARCHAR      -    the system's own id
    taken_at   TIMESTAMPTZ  UTC  when it took it back, by its own clock; the last time
*/

-- words: what was taken back in the records that came since, later than was known
CREATE OR REPLACE TABLE derived.state.just_taken_back AS
WITH word AS (
    SELECT system, entity, body->>'$.data.ref.id' AS system_id, max(source_changed_at) AS taken_at
    FROM records
    WHERE batch_id > {mark}
        AND kind = 'source_event'
        AND entity IN ('time_entry', 'expense')
        AND source_changed_at IS NOT NULL
        AND contains(body, '.reversed"')
        AND (body->>'$.type') = 'tieout.' || entity || '.reversed'
    GROUP BY ALL
)
SELECT w.*
FROM word w
LEFT JOIN derived.state.taken_back b USING (system, entity, system_id)
WHERE b.taken_at IS NULL OR w.taken_at > b.taken_at;

-- forget: when it did so before
DELETE FROM derived.state.taken_back b
USING derived.state.just_taken_back w
WHERE b.system = w.system AND b.entity = w.entity AND b.system_id = w.system_id;

-- put: and keep the last
INSERT INTO derived.state.taken_back SELECT * FROM derived.state.just_taken_back;
