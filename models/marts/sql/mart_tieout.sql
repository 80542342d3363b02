/*
Where each record stands at each joint of its chain, record by record and never netted. A record that its source has
stands in one place of five: landed (the target holds the same), on_its_way (within the flow's service level, or the
other system was not read since), case (an open case owns it), written_off (by two people, as it stands) or unexplained.
One that only the target has is unsourced, and so is what the target holds of a record that has not landed.

grain: flow, entity, item_key, source_key, target_key
granule: item_key
within: joint_work.item_key, joint_sale.item_key, joint_billed.item_key, joint_actual.item_key
within: joint_feedback.item_key, item.item_key

    flow                 VARCHAR        -         which flow carries it
    source               VARCHAR        -         the system that it comes from
    target               VARCHAR        -         the system that it goes to
    entity               VARCHAR        -         time_entry, contract, invoice_line, actual_cost …
    item_key             VARCHAR        -         the business fact: an item's key, a project's code, a milestone
    source_key           VARCHAR        -         of the source's record; none where there is none
    target_key           VARCHAR        -         of the target's record; none where there is none
    project_key          VARCHAR        -         the project's code
    legal_entity         VARCHAR        -         which company of the firm it is for, by the source
    currency             VARCHAR        ISO 4217  of source_amount
    period               VARCHAR        -         its month, YYYY-MM, by the source
    target_legal_entity  VARCHAR        -         the same by the target
    target_currency      VARCHAR        ISO 4217  of target_amount
    target_period        VARCHAR        -         its month by the target
    place                VARCHAR        -         landed, on_its_way, case, written_off, unexplained or unsourced
    reason               VARCHAR        -         missing, outdated, edited, over-billed …; none if landed
    source_amount        DECIMAL(18,2)  currency  what it is worth by the source; none where the source has none
    target_amount        DECIMAL(18,2)  currency  what it is worth by the target; none where the target has none
    source_hours         DECIMAL(18,2)  h         of time only
    target_hours         DECIMAL(18,2)  h         of time only
    differs              VARCHAR[]      -         the fields in which the two say different things
    evidence             VARCHAR        JSON      those fields with what each side says
    since                TIMESTAMPTZ    UTC       since when it is apart, as far as that shows
    in_time              BOOLEAN        -         it is apart, and nobody need act yet
    case_id              VARCHAR        -         the open case that owns it, if any
    other_case           BOOLEAN        -         that case is about its cause, not about the tie-out
    source_reporting     DECIMAL(18,2)  reporting currency  source_amount at the rate of its day; none without one
    target_reporting     DECIMAL(18,2)  reporting currency  target_amount at the rate of its day; none without one
*/

-- touched: facts of which a side, a run, a case or a write-off is another, and what is in time no longer
SELECT item_key FROM derived.moved.joint_work
UNION ALL
SELECT item_key FROM derived.moved.joint_sale
UNION ALL
SELECT item_key FROM derived.moved.joint_billed
UNION ALL
SELECT item_key FROM derived.moved.joint_actual
UNION ALL
SELECT item_key FROM derived.moved.joint_feedback
UNION ALL
SELECT item_key FROM derived.moved.item
UNION ALL
SELECT item_key FROM derived.moved.removed
UNION ALL
SELECT item_key FROM derived.moved.written_off
UNION ALL
SELECT regexp_replace(business_key, '^[^:]*:', '') FROM derived.moved.open_run WHERE business_key NOT LIKE 'project:%'
UNION ALL
SELECT j.item_key
FROM derived.state.joint_sale j
SEMI JOIN derived.moved.open_run r ON r.business_key = 'project:' || j.project_key
UNION ALL
SELECT subject_key FROM derived.moved.case_of WHERE subject_key IS NOT NULL
UNION ALL
SELECT j.item_key
FROM derived.state.joint_sale j
SEMI JOIN derived.moved.case_of c ON c.subject_key = j.project_key
UNION ALL
SELECT a.item_key
FROM derived.state.apart a
LEFT JOIN derived.state.reading ss ON ss.entity = a.entity AND ss.side = 'source' AND ss.name = a.told_source
LEFT JOIN derived.state.reading sr ON sr.entity = a.entity AND sr.side = 'source' AND sr.name IS NULL
LEFT JOIN derived.state.reading ts ON ts.entity = a.entity AND ts.side = 'target' AND ts.name = a.told_target
LEFT JOIN derived.state.reading tr ON tr.entity = a.entity AND tr.side = 'target' AND tr.name IS NULL
WHERE a.in_time
    AND NOT derived.state.in_time(
        {now},
        a.reason,
        a.moving,
        a.since,
        a.allowed,
        a.target_seen,
        CASE WHEN ss.name IS NULL THEN sr.read_at ELSE ss.read_at END,
        coalesce(ss.swept, sr.swept, false),
        CASE WHEN ts.name IS NULL THEN tr.read_at ELSE ts.read_at END
    )
UNION ALL
-- A source that is new, is no more or was read less far than before: nothing of the rest can be relied on.
SELECT '*'
FROM derived.gone.reading g
FULL JOIN derived.come.reading c ON c.entity = g.entity AND c.side = g.side AND c.name IS NOT DISTINCT FROM g.name
WHERE c.side IS NULL OR g.side IS NULL OR c.system <> g.system OR c.swept <> g.swept
    OR coalesce(c.read_at < g.read_at, (c.read_at IS NULL) <> (g.read_at IS NULL));

-- apart: what did not land, with where the other side's systems were read and what became of the other record
CREATE OR REPLACE TABLE derived.state.apart AS
WITH lone AS (
    SELECT * EXCLUDE (differs), coalesce(differs, []) AS differs
    FROM (
        SELECT * FROM derived.state.joint_work
        UNION ALL BY NAME
        SELECT * FROM derived.state.joint_sale
        UNION ALL BY NAME
        SELECT * FROM derived.state.joint_billed
        UNION ALL BY NAME
        SELECT * FROM derived.state.joint_actual
        UNION ALL BY NAME
        SELECT * FROM derived.state.joint_feedback
    )
    WHERE differs IS NULL OR len(differs) > 0
), side AS (
    SELECT
        entity,
        any_value(role) FILTER (side = 'source') AS source_role,
        any_value(role) FILTER (side = 'target') AS target_role
    FROM derived.state.compared_list
    GROUP BY entity
), unapproved AS (
    SELECT
        CASE kind WHEN 'time' THEN 'time_entry' ELSE 'expense' END AS entity,
        item_key,
        max(coalesce(changed_at, observed_at)) AS at
    FROM derived.state.item
    WHERE role = 'psa' AND approval <> 'approved'
    GROUP BY ALL
), moving AS (
    SELECT DISTINCT flow, business_key
    FROM derived.state.open_run
    WHERE state IN ('ready', 'running', 'in_doubt', 'waiting')
), known AS (
    SELECT
        r.* REPLACE (
            coalesce(r.source, sr.system, j.source_role) AS source,
            coalesce(r.target, eo.system, tr.system, j.target_role) AS target
        ),
        r.source AS told_source,
        coalesce(r.target, eo.system) AS told_target,
        CASE WHEN ss.name IS NULL THEN sr.read_at ELSE ss.read_at END AS source_read_at,
        coalesce(ss.swept, sr.swept, false) AS source_swept,
        CASE WHEN ts.name IS NULL THEN tr.read_at ELSE ts.read_at END AS target_read_at,
        gone.at AS gone_at,
        coalesce(taken.at, u.at) AS withdrawn_at,
        m.business_key IS NOT NULL AS moving,
        coalesce(l.seconds, 86400) * INTERVAL 1 SECOND AS allowed
    FROM lone r
    JOIN side j ON j.entity = r.entity
    LEFT JOIN derived.state.erp_of eo ON eo.legal_entity = r.legal_entity AND j.target_role = 'erp'
    LEFT JOIN derived.state.reading ss ON ss.entity = r.entity AND ss.side = 'source' AND ss.name = r.source
    LEFT JOIN derived.state.reading sr ON sr.entity = r.entity AND sr.side = 'source' AND sr.name IS NULL
    LEFT JOIN derived.state.reading ts
        ON ts.entity = r.entity AND ts.side = 'target' AND ts.name = coalesce(r.target, eo.system)
    LEFT JOIN derived.state.reading tr ON tr.entity = r.entity AND tr.side = 'target' AND tr.name IS NULL
    LEFT JOIN derived.state.removed gone ON r.target_key IS NULL AND gone.role = j.target_role
        AND gone.entity = r.entity AND gone.item_key = r.item_key
    LEFT JOIN derived.state.removed taken ON r.source_key IS NULL AND taken.role = j.source_role
        AND taken.entity = r.entity AND taken.item_key = r.item_key
    LEFT JOIN unapproved u ON r.source_key IS NULL AND u.entity = r.entity AND u.item_key = r.item_key
    LEFT JOIN moving m ON m.flow = r.flow AND m.business_key = CASE
        WHEN j.source_role = 'psa' THEN r.entity || ':' || r.item_key
        WHEN r.entity = 'invoice_status' THEN 'invoice:' || r.item_key
        WHEN j.target_role = 'ppm' AND j.source_role = 'erp' THEN 'actual:' || r.item_key
        ELSE 'project:' || r.project_key
    END
    LEFT JOIN derived.state.service_level l ON l.flow = r.flow
), told AS (
    SELECT *, CASE
        WHEN doubled THEN 'doubled'
        -- The source had it and took it back; what it became in the target is still to be undone.
        WHEN source_key IS NULL AND withdrawn_at IS NOT NULL THEN 'withdrawn'
        -- Nobody knows where it came from.
        WHEN source_key IS NULL THEN 'foreign'
        -- It was there, and somebody deleted it. What changed since then is another version, still to come.
        WHEN target_key IS NULL AND gone_at >= coalesce(changed_at, gone_at) THEN 'gone'
        WHEN target_key IS NULL THEN 'missing'
        -- The source has changed since the target took it.
        WHEN changed_at > made_at THEN 'outdated'
        -- Invoices ask for more, or for less, than was posted.
        WHEN entity = 'invoice_line' AND abs(target_amount) > abs(source_amount) THEN 'over-billed'
        WHEN entity = 'invoice_line' AND target_amount <> source_amount THEN 'under-billed'
        -- The target took it after the source's last change, and yet it says something else.
        ELSE 'edited'
    END AS reason
    FROM known
), timed AS (
    SELECT *, CASE reason
        WHEN 'withdrawn' THEN withdrawn_at
        WHEN 'gone' THEN gone_at
        WHEN 'edited' THEN target_seen
        WHEN 'over-billed' THEN target_seen
        WHEN 'under-billed' THEN target_seen
        WHEN 'doubled' THEN coalesce(made_at, target_seen)
        WHEN 'foreign' THEN coalesce(made_at, target_seen)
        ELSE coalesce(changed_at, source_seen)
    END AS since
    FROM told
)
-- How far systems were read is no part of it: that moves with every turn.
SELECT * EXCLUDE (source_read_at, source_swept, target_read_at), derived.state.in_time(
    {now}, reason, moving, since, allowed, target_seen, source_read_at, source_swept, target_read_at
) AS in_time
FROM timed;

-- mart_tieout: what landed as it is, and the rest each in its place
CREATE OR REPLACE TABLE derived.state.mart_tieout AS
WITH numbered AS (  -- of two that stand alone with one amount the one that has done so for longer was written off
    SELECT
        *,
        row_number() OVER (
            PARTITION BY flow, entity, item_key, source_amount, currency, target_key IS NULL ORDER BY since, source_key
        ) AS n
    FROM derived.state.apart
), placed AS (
    SELECT
        a.* EXCLUDE (n),
        coalesce(o.case_id, p.case_id) AS case_id,
        coalesce(o.other_case, p.other_case, false) AS other_case,
        CASE
            WHEN a.source_key IS NULL THEN 'unsourced'
            WHEN w.item_key IS NOT NULL THEN 'written_off'
            WHEN coalesce(o.case_id, p.case_id) IS NOT NULL THEN 'case'
            WHEN a.in_time THEN 'on_its_way'
            ELSE 'unexplained'
        END AS place
    FROM numbered a
    LEFT JOIN derived.state.case_of o ON o.subject_key = a.item_key
    LEFT JOIN derived.state.case_of p ON p.subject_key = CASE WHEN a.entity = 'milestone' THEN a.project_key END
    LEFT JOIN derived.state.written_off w
        ON w.flow = a.flow
        AND w.entity = a.entity
        AND w.item_key = a.item_key
        AND w.amount = a.source_amount
        -- What the target holds is no loss of this amount.
        AND a.target_key IS NULL
        AND w.currency = a.currency
        AND a.n <= w.records
), every AS (
    SELECT *, 'landed' AS place FROM derived.state.joint_work WHERE len(differs) = 0
    UNION ALL BY NAME
    SELECT *, 'landed' AS place FROM derived.state.joint_sale WHERE len(differs) = 0
    UNION ALL BY NAME
    SELECT *, 'landed' AS place FROM derived.state.joint_billed WHERE len(differs) = 0
    UNION ALL BY NAME
    SELECT *, 'landed' AS place FROM derived.state.joint_actual WHERE len(differs) = 0
    UNION ALL BY NAME
    SELECT *, 'landed' AS place FROM derived.state.joint_feedback WHERE len(differs) = 0
    UNION ALL BY NAME
    SELECT * FROM placed
)
SELECT
    flow,
    source,
    target,
    entity,
    item_key,
    source_key,
    target_key,
    project_key,
    e.legal_entity,
    e.currency,
    coalesce(d.period, strftime(e.day, '%Y-%m')) AS period,
    target_legal_entity,
    target_currency,
    coalesce(td.period, strftime(target_day, '%Y-%m')) AS target_period,
    place,
    reason,
    source_amount,
    target_amount,
    source_hours,
    target_hours,
    list_transform(differs, lambda one: one.field) AS differs,
    CASE WHEN len(differs) > 0 THEN CAST(to_json(differs) AS VARCHAR) END AS evidence,
    since,
    in_time,
    case_id,
    coalesce(other_case, false) AS other_case,
    CAST(derived.state.cents(source_amount * coalesce(zx.rate, fx.rate)) AS DECIMAL(18,2)) AS source_reporting,
    CAST(derived.state.cents(target_amount * coalesce(tzx.rate, tfx.rate)) AS DECIMAL(18,2)) AS target_reporting
FROM every e
LEFT JOIN derived.state.fx_day fx ON fx.currency = e.currency AND fx.day = derived.state.rate_day(e.day)
LEFT JOIN derived.state.fx_day tfx ON tfx.currency = e.target_currency AND tfx.day = derived.state.rate_day(target_day)
LEFT JOIN derived.state.fx_frozen zx
    ON zx.legal_entity = e.legal_entity AND zx.currency = e.currency AND zx.day = e.day
LEFT JOIN derived.state.fx_frozen tzx
    ON tzx.legal_entity = e.target_legal_entity AND tzx.currency = e.target_currency AND tzx.day = e.target_day
LEFT JOIN derived.state.legal_entity z ON z.legal_entity = e.legal_entity
LEFT JOIN derived.state.fiscal_day d ON d.year = z.year AND d.day = e.day
LEFT JOIN derived.state.legal_entity tz ON tz.legal_entity = e.target_legal_entity
LEFT JOIN derived.state.fiscal_day td ON td.year = tz.year AND td.day = e.target_day;
