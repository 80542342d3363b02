/*
Up to which moment the lists had been read that each joint compares, of each system and of all that are on that side.

grain: entity, side, name

    entity   VARCHAR      -    the joint's kind of record: time_entry, contract, invoice_line …
    side     VARCHAR      -    source or target
    name     VARCHAR      -    which system; none: all of them together
    system   VARCHAR      -    itself, or the first of all
    read_at  TIMESTAMPTZ  UTC  all of these lists had been read at this moment; none: one of them never
    swept    BOOLEAN      -    what it has no more shows with the next extract
*/

-- reading: by the lists that the joint asks for; a system that has none of these, by all that it is compared by
CREATE OR REPLACE TABLE derived.state.reading AS
WITH list AS (
    SELECT j.entity, j.side, s.system, s.role, s.read_until, s.swept
    FROM derived.state.mart_source s
    -- What nobody knows the role of may be on any side.
    JOIN derived.state.compared_list j ON j.role = coalesce(s.role, j.role)
    WHERE s.compared
    QUALIFY s.entity = j.list
        OR NOT bool_or(s.entity = j.list) OVER (PARTITION BY j.entity, j.side, s.system, s.role)
), shown AS (
    SELECT
        entity,
        side,
        system,
        role IS NOT NULL AS known,
        CASE WHEN bool_and(read_until IS NOT NULL) THEN min(read_until) END AS read_at,
        bool_or(swept) AS swept
    FROM list
    GROUP BY ALL
)
SELECT entity, side, system AS name, system, read_at, swept
FROM shown
UNION ALL
SELECT
    entity,
    side,
    NULL,
    min(system),
    CASE WHEN bool_and(read_at IS NOT NULL) THEN min(read_at) END,
    bool_or(swept)
FROM shown
WHERE known
GROUP BY entity, side;
