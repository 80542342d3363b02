/*
Where each record stands at each joint of its chain, record by record and never netted. A record that its source has
stands in one place of five: landed (the target holds the same), on_its_way (within the flow's service level, or the
other system was not read since), case (an open case owns it), written_off (by two people, as it stands) or unexplained.
One that only the target has is unsourced, and so is what the target holds of a record that has not landed.

grain: flow, entity, item_key, source_key, target_key

    flow                 VARCHAR        -         which flow carries it
    source               VARCHAR        -         the system that it comes from
    target               VARCHAR        -         the system that it goes to
    entity               VARCHAR        -         time_entry, expense, contract, budget, milestone or invoice_line
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
    reason               VARCHAR        -         missing, outdated, edited, gone, foreign, doubled, withdrawn; or none
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
*/

-- service_level: how long each flow may take; work that is ready is billed within a month and a half
CREATE OR REPLACE TABLE memory.state.service_level AS
SELECT flow, seconds FROM {service_levels}
UNION ALL
SELECT 'billing', 45 * 86400.0;

-- joint: every pair and every lone side, of all joints
CREATE OR REPLACE TABLE memory.state.joint AS
SELECT * FROM memory.state.joint_work
UNION ALL BY NAME
SELECT * FROM memory.state.joint_sale
UNION ALL BY NAME
SELECT * FROM memory.state.joint_billed;

-- apart: what did not land, with where the other side's systems were read and what became of the other record
CREATE OR REPLACE TABLE memory.state.apart AS
WITH lone AS (
    SELECT * EXCLUDE (differs), coalesce(differs, []) AS differs
    FROM memory.state.joint
    WHERE differs IS NULL OR len(differs) > 0
), shown AS (
    SELECT
        system,
        role,
        -- One of them that nobody ever read leaves nothing known of its system.
        CASE WHEN bool_and(read_until IS NOT NULL) THEN min(read_until) END AS until_at
    FROM memory.state.mart_source
    WHERE compared
    GROUP BY system, role
), system AS (
    SELECT system, max(until_at) AS read_at FROM shown GROUP BY system
), role AS (
    SELECT role, min(system) AS system, min(until_at) AS read_at FROM shown GROUP BY role
), removed AS (
    SELECT
        role,
        CASE entity WHEN 'project' THEN 'contract' ELSE entity END AS entity,
        CASE
            WHEN role = 'erp' THEN regexp_replace(regexp_replace(key, '-v[0-9]+(-R)?$', ''), '^CT-', '')
            ELSE key
        END AS item_key,
        max(observed_at) AS at
    FROM memory.state.absent
    WHERE role <> 'erp' OR entity <> 'project'
    GROUP BY ALL
), unapproved AS (
    SELECT
        CASE kind WHEN 'time' THEN 'time_entry' ELSE 'expense' END AS entity,
        item_key,
        max(coalesce(changed_at, observed_at)) AS at
    FROM memory.state.item
    WHERE role = 'psa' AND approval <> 'approved'
    GROUP BY ALL
), moving AS (
    SELECT DISTINCT flow, business_key
    FROM memory.state.open_run
    WHERE state IN ('ready', 'running', 'in_doubt', 'waiting')
), roles AS (
    SELECT
        *,
        CASE entity
            WHEN 'time_entry' THEN 'psa' WHEN 'expense' THEN 'psa' WHEN 'invoice_line' THEN 'erp' ELSE 'crm'
        END AS source_role,
        CASE entity WHEN 'budget' THEN 'ppm' ELSE 'erp' END AS target_role
    FROM lone
), known AS (
    SELECT
        r.* REPLACE (
            coalesce(r.source, sr.system, r.source_role) AS source,
            coalesce(r.target, CASE r.target_role WHEN 'erp' THEN eo.system END, tr.system, r.target_role) AS target
        ),
        coalesce(ss.read_at, sr.read_at) AS source_read_at,
        coalesce(ts.read_at, tr.read_at) AS target_read_at,
        gone.at AS gone_at,
        coalesce(taken.at, u.at) AS withdrawn_at,
        m.business_key IS NOT NULL AS moving,
        coalesce(l.seconds, 86400) * INTERVAL 1 SECOND AS allowed
    FROM roles r
    LEFT JOIN memory.state.erp_of eo ON eo.legal_entity = r.legal_entity
    LEFT JOIN role sr ON sr.role = r.source_role
    LEFT JOIN role tr ON tr.role = r.target_role
    LEFT JOIN system ss ON ss.system = r.source
    LEFT JOIN system ts ON ts.system = r.target
    LEFT JOIN removed gone ON r.target_key IS NULL AND gone.role = r.target_role
        AND gone.entity = r.entity AND gone.item_key = r.item_key
    LEFT JOIN removed taken ON r.source_key IS NULL AND taken.role = r.source_role
        AND taken.entity = r.entity AND taken.item_key = r.item_key
    LEFT JOIN unapproved u ON r.source_key IS NULL AND u.entity = r.entity AND u.item_key = r.item_key
    LEFT JOIN moving m ON m.flow = r.flow AND m.business_key = CASE
        WHEN r.source_role = 'psa' THEN r.entity || ':' || r.item_key ELSE 'project:' || r.project_key
    END
    LEFT JOIN memory.state.service_level l ON l.flow = r.flow
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
        -- The target took it after the source's last change, and yet it says something else.
        ELSE 'edited'
    END AS reason
    FROM known
), timed AS (
    SELECT *, CASE reason
        WHEN 'withdrawn' THEN withdrawn_at
        WHEN 'gone' THEN gone_at
        WHEN 'edited' THEN target_seen
        WHEN 'doubled' THEN coalesce(made_at, target_seen)
        WHEN 'foreign' THEN coalesce(made_at, target_seen)
        ELSE coalesce(changed_at, source_seen)
    END AS since
    FROM told
)
SELECT *, CASE
    WHEN moving THEN {now} < since + allowed
    -- No flow brings back what somebody deleted.
    WHEN reason = 'gone' THEN false
    -- The source shows only after this whether it has changed too.
    WHEN reason IN ('edited', 'doubled', 'foreign')
        THEN coalesce(source_read_at < target_seen, true)
    -- What a system lacked before it was read says nothing; that nobody reads it is a case of its own.
    ELSE {now} < since + allowed OR coalesce(target_read_at < since, true)
END AS in_time
FROM timed;

-- owned: the open case of each thing; one about a cause before one of the tie-out
CREATE OR REPLACE TABLE memory.state.owned AS
SELECT
    f.subject_key,
    arg_min(c.case_id, CASE f.detector WHEN 'tie_out' THEN 1 ELSE 0 END) AS case_id,
    bool_or(f.detector <> 'tie_out') AS other_case
FROM findings f
JOIN cases c ON c.case_id = f.case_id
-- A case that says "nobody knows" explains nothing.
WHERE f.resolved_at IS NULL AND c.status <> 'resolved' AND c.cause <> 'unexplained'
GROUP BY f.subject_key;

-- written_off: what one person asked for and another approved; once it is worth something else it is not this any more
CREATE OR REPLACE TABLE memory.state.written_off AS
SELECT DISTINCT flow, entity, item_key, amount, currency
FROM write_offs
WHERE approved_at IS NOT NULL AND approved_by <> asked_by AND reversed_at IS NULL;

-- mart_tieout: what landed as it is, and the rest each in its place
CREATE OR REPLACE TABLE memory.state.mart_tieout AS
WITH placed AS (
    SELECT
        a.*,
        coalesce(o.case_id, p.case_id) AS case_id,
        coalesce(o.other_case, p.other_case, false) AS other_case,
        CASE
            WHEN a.source_key IS NULL THEN 'unsourced'
            WHEN w.item_key IS NOT NULL THEN 'written_off'
            WHEN coalesce(o.case_id, p.case_id) IS NOT NULL THEN 'case'
            WHEN a.in_time THEN 'on_its_way'
            ELSE 'unexplained'
        END AS place
    FROM memory.state.apart a
    LEFT JOIN memory.state.owned o ON o.subject_key = a.item_key
    LEFT JOIN memory.state.owned p ON p.subject_key = CASE WHEN a.entity = 'milestone' THEN a.project_key END
    LEFT JOIN memory.state.written_off w
        ON w.flow = a.flow
        AND w.entity = a.entity
        AND w.item_key = a.item_key
        AND w.amount = a.source_amount
        -- What the target holds is no loss of this amount.
        AND a.target_key IS NULL
        AND w.currency = a.currency
), every AS (
    SELECT *, 'landed' AS place FROM memory.state.joint WHERE len(differs) = 0
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
    currency,
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
    coalesce(other_case, false) AS other_case
FROM every e
LEFT JOIN memory.state.legal_entity z ON z.legal_entity = e.legal_entity
LEFT JOIN memory.state.fiscal_day d ON d.year = z.year AND d.day = e.day
LEFT JOIN memory.state.legal_entity tz ON tz.legal_entity = e.target_legal_entity
LEFT JOIN memory.state.fiscal_day td ON td.year = tz.year AND td.day = e.target_day;
