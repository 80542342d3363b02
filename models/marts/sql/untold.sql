/*
Work on an invoice of which its source has told nothing since the ERP took it: what that said before says nothing of
what was posted and billed.

grain: item_key
granule: item_key
within: work_item.item_key, posting.item_key

    item_key  VARCHAR      -    the item's key
    system    VARCHAR      -    its source; none where its key names no system that has shown work
    entity    VARCHAR      -    time_entry or expense: which of the source's lists would tell of it
    taken_at  TIMESTAMPTZ  UTC  when the ERP took it; of what is there no more, at the latest when it was billed
*/

-- touched: items of which a posting or a line is another, and those of which a source was read since
SELECT item_key FROM derived.moved.work_item
UNION ALL
SELECT item_key FROM derived.moved.posting
UNION ALL
SELECT u.item_key
FROM derived.state.untold u
LEFT JOIN derived.state.psa_read r ON r.system IS NOT DISTINCT FROM u.system AND r.entity = u.entity
WHERE r.read_until >= u.taken_at
UNION ALL
-- A source that is new, is no more or was read less far than before: nothing of the rest can be relied on.
SELECT '*'
FROM derived.gone.psa_read g
FULL JOIN derived.come.psa_read c ON c.system IS NOT DISTINCT FROM g.system AND c.entity = g.entity
WHERE c.entity IS NULL OR g.entity IS NULL
    OR coalesce(c.read_until < g.read_until, (c.read_until IS NULL) <> (g.read_until IS NULL));

-- untold: by the list of the source that would tell of it; where no source is known, by all lists
CREATE OR REPLACE TABLE derived.state.untold AS
WITH billed AS (
    SELECT
        e.item_key,
        e.gone,
        CASE
            WHEN NOT e.gone THEN e.source_system
            ELSE list_max(list_filter(
                (SELECT list(system) FROM derived.state.psa),
                lambda shown: starts_with(substr(e.item_key, 4), shown || '-')
            ))
        END AS system,
        CASE e.kind WHEN 'time' THEN 'time_entry' ELSE 'expense' END AS entity,
        coalesce(p.posted_at, CASE WHEN e.gone THEN CAST(e.work_date AS TIMESTAMPTZ) END) AS taken_at
    FROM derived.state.work_item e
    LEFT JOIN derived.state.posting p ON p.kind = e.kind AND p.item_key = e.item_key
    WHERE e.has_line AND e.kind <> 'milestone'
)
SELECT b.item_key, b.system, b.entity, b.taken_at
FROM billed b
LEFT JOIN derived.state.psa_read r ON r.system IS NOT DISTINCT FROM b.system AND r.entity = b.entity
-- Of what a source shows its list was read; of what it does not show only a list that was read says anything.
WHERE CASE WHEN b.gone THEN NOT coalesce(r.read_until >= b.taken_at, false) ELSE r.read_until < b.taken_at END;
