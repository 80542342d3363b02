-- position: up to where the journal's feed had landed
SELECT coalesce(max(number), 0) AS position FROM lake.main.seals WHERE writer = 'feed';

-- runs: every run as the journal has it
CREATE OR REPLACE TEMP TABLE held_run AS
SELECT
    run_id,
    state,
    business_key,
    TRY_CAST(amount AS DECIMAL(18, 2)) AS amount,
    CASE WHEN starts_with(amount, 'enc:v1:') THEN amount END AS sealed
FROM journal.run;

-- cases: every case as the journal has it; a part of a case of an older release has its history there
CREATE OR REPLACE TEMP TABLE held_case AS
SELECT case_id, status, $split AS split FROM journal.case_;

-- feed: moves that are still on their way to the lake
SELECT records FROM journal.feed WHERE position > $position ORDER BY position;

-- words: what the lake says last of the ends of runs, and of cases by evidence and by people
CREATE OR REPLACE TEMP TABLE said AS
SELECT
    kind,
    CASE
        WHEN kind = 'settlement' THEN run_id
        WHEN kind = 'finding' THEN json_extract_string(body, '$.case_id')
        ELSE substr(business_key, 6)
    END AS id,
    arg_max(status, (batch_id, n)) AS status,
    arg_max(business_key, (batch_id, n)) AS business_key,
    arg_max(coalesce(CAST(amount AS VARCHAR), $sealed), (batch_id, n)) AS told
FROM lake.main.records
WHERE kind IN ('settlement', 'finding')
   OR (kind = 'operator_action' AND entity = 'case' AND status IN ('acknowledged', 'snoozed', 'ignored', 'reopened'))
GROUP BY ALL;

-- newest: words that are on their way are younger than those that arrived
CREATE OR REPLACE TEMP TABLE word AS
SELECT kind, id, status, business_key, amount, sealed FROM on_its_way
UNION ALL
SELECT
    s.kind,
    s.id,
    s.status,
    s.business_key,
    TRY_CAST(s.told AS DECIMAL(18, 2)),
    CASE WHEN starts_with(s.told, 'enc:v1:') THEN s.told END
FROM said s
ANTI JOIN on_its_way o USING (kind, id);

-- unequal: sealed amounts that are not the same text on both sides, as those of an upgrade are
SELECT DISTINCT unnest([r.sealed, w.sealed]) AS sealed
FROM held_run r
JOIN word w ON w.kind = 'settlement' AND w.id = r.run_id
WHERE r.sealed IS DISTINCT FROM w.sealed;

-- runs_apart: runs whose state is another than the lake's last word
SELECT
    r.run_id AS id,
    CASE
        WHEN w.id IS NULL THEN r.state || ' in the journal, and the lake saw no end of it'
        WHEN w.status <> r.state THEN r.state || ' in the journal, ' || w.status || ' in the lake'
        ELSE 'with another key or amount in the journal than in the lake'
    END AS what
FROM held_run r
LEFT JOIN word w ON w.kind = 'settlement' AND w.id = r.run_id
LEFT JOIN opened here ON here.sealed = r.sealed
LEFT JOIN opened there ON there.sealed = w.sealed
WHERE CASE
    WHEN w.id IS NULL THEN r.state IN ('settled', 'dead', 'superseded', 'cancelled')
    ELSE w.status <> r.state
        OR w.business_key <> r.business_key
        OR coalesce(here.altered OR there.altered, here.altered, there.altered, false)
        OR abs(coalesce(w.amount, there.amount) - coalesce(r.amount, here.amount)) > 0.01
END;

-- cases_apart: cases whose status neither evidence nor a person gave them
SELECT
    coalesce(c.case_id, f.id) AS id,
    CASE
        WHEN c.case_id IS NULL THEN 'found in the lake and gone from the journal'
        WHEN f.id IS NULL THEN c.status || ' in the journal, and the lake never saw it'
        WHEN c.status = 'resolved' OR f.status = 'resolved'
            THEN c.status || ' in the journal, while the evidence in the lake says ' || f.status
        ELSE c.status || ' in the journal, and nobody''s action in the lake made it so'
    END AS what
FROM held_case c
FULL JOIN (FROM word WHERE kind = 'finding') f ON f.id = c.case_id
LEFT JOIN (FROM word WHERE kind = 'operator_action') a ON a.id = c.case_id
WHERE (c.case_id IS NULL AND f.status = 'open')
   OR (c.case_id IS NOT NULL AND f.id IS NULL)
   OR ((c.status = 'resolved') <> (f.status = 'resolved'))
   OR (c.status IN ('acknowledged', 'snoozed', 'ignored') AND NOT c.split AND a.status IS DISTINCT FROM c.status);
