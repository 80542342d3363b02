/*
What the open cases on single pieces of work may still come to, by project: one row a project and a way of settling
them all.

grain: project_key, world

    project_key  VARCHAR        -                   the project's code
    world        VARCHAR        -                   adjusted, against or for, as told below
    items        BIGINT         items               work that an open case is about
    revenue      DECIMAL(38,2)  reporting currency  what it adds to the revenue in the ERP
    cost         DECIMAL(38,2)  reporting currency  what it adds to the cost in the ERP
    hours        DECIMAL(38,2)  h                   what it adds to the hours in the ERP
    ready        DECIMAL(38,2)  reporting currency  what it adds to what is ready to be billed
    blocked      DECIMAL(38,2)  reporting currency  what it adds to what is approved and not ready
    unbilled     DECIMAL(38,2)  reporting currency  what it adds to the work that no invoice bills
    billed       DECIMAL(38,2)  reporting currency  what it adds to what invoices bill
    lost         DECIMAL(38,2)  reporting currency  what it adds to the work that was never billed
    utilised     DECIMAL(38,2)  h                   what it adds to the billable hours of the last twelve weeks

Four worlds: `reported` leaves all as it is; `adjusted` takes each case as its evidence stands (work that was done is
billed and costs, unless its customer need not pay for it; what was billed beyond the work is credited; work that was
sent back does not count); `against` settles every case against the firm, `for` settles every case in its favour.
*/

-- world: the ways in which all open cases may be settled
CREATE OR REPLACE TABLE derived.state.world AS
SELECT unnest(['reported', 'adjusted', 'against', 'for']) AS world;

-- span: the days that figures over a span of time look at
CREATE OR REPLACE TABLE derived.state.span AS
WITH worked AS (
    SELECT f.day AS today, min(w.work_date) AS first
    FROM derived.state.firm_day f
    LEFT JOIN derived.state.work_day w
        ON w.state <> 'not_approved' AND w.work_date >= f.day - 365 AND w.work_date <= f.day
    GROUP BY f.day
)
SELECT
    greatest(CAST(date_trunc('week', first) AS DATE), CAST(date_trunc('week', today) AS DATE) - 84) AS week_from,
    CAST(date_trunc('week', today) AS DATE) AS week_to,
    today - 365 AS year_from,
    greatest(today - first, 1) AS days
FROM worked;

-- doubt: work that an open case is about, with the cause that is named first
CREATE OR REPLACE TABLE derived.state.doubt AS
SELECT f.subject_key AS item_key, min(c.cause) AS cause, arg_min(c.case_id, c.cause) AS case_id
FROM findings f
JOIN cases c ON c.case_id = f.case_id
WHERE f.resolved_at IS NULL
    AND c.resolved_at IS NULL
    AND c.status <> 'ignored'
    AND c.cause <> 'margin-differs'
    AND f.subject_entity IN ('time_entry', 'expense', 'milestone')
GROUP BY f.subject_key;

-- margin_doubt: work that is in doubt only since two systems differ on its margin, by how much
CREATE OR REPLACE TABLE derived.state.margin_doubt AS
SELECT
    g.entity,
    g.item_key,
    any_value(c.case_id) AS case_id,
    any_value(g.project_key) AS project_key,
    any_value(g.legal_entity) AS legal_entity,
    sum(g.difference_reporting) AS apart
FROM derived.state.mart_margin_gap g
JOIN findings f ON f.subject_entity = g.entity AND f.subject_key = g.item_key
JOIN cases c ON c.case_id = f.case_id
ANTI JOIN derived.state.doubt d ON d.item_key = g.item_key
WHERE c.cause = 'margin-differs' AND f.resolved_at IS NULL AND c.resolved_at IS NULL AND c.status <> 'ignored'
GROUP BY g.entity, g.item_key;

-- unsettled: each doubtful piece of work in each of the worlds; where two systems differ on its cost, that difference
CREATE OR REPLACE TABLE derived.state.unsettled AS
WITH item AS (
    SELECT
        CASE w.kind WHEN 'time' THEN 'time_entry' ELSE w.kind END AS entity,
        d.item_key,
        d.case_id,
        d.cause,
        w.project_key,
        w.legal_entity,
        w.state,
        w.kind,
        -- An invoice, or two people who wrote it off, have said what it brings: no case moves that any more.
        w.state IN ('billed', 'written_off') AS decided,
        d.cause = 'time-rejected' OR coalesce(w.blocker, '') = 'rejected' AS refused,
        -- Its customer need not pay for it, whatever is mended on our side.
        coalesce(w.blocker, d.cause) IN (
            'project-unsold', 'sow-expired', 'sale-not-won', 'over-cap', 'over-contract', 'milestone-not-accepted'
        ) AS unpaid,
        w.posted_at IS NOT NULL OR (w.kind = 'milestone' AND w.state IN ('ready', 'billed')) AS counted,
        CASE WHEN w.billable THEN coalesce(w.bill_reporting, 0) ELSE 0 END AS bill,
        -- Work without a bill rate is worth what an hour of its project was sold at.
        CASE WHEN w.rateless THEN coalesce(w.hours * s.rate, 0) ELSE 0 END AS unpriced,
        coalesce(w.cost_reporting, 0) AS cost,
        coalesce(w.hours, 0) AS hours,
        CASE WHEN w.state = 'billed' THEN coalesce(w.work_reporting, 0) - w.bill_reporting ELSE 0 END AS beyond,
        w.work_date < coalesce(t.last_from, elsewhere.last_from) AS late,
        CASE WHEN w.billable AND w.work_date >= span.week_from AND w.work_date < span.week_to
            THEN coalesce(w.hours, 0) ELSE 0
        END AS lately
    FROM derived.state.doubt d
    JOIN derived.state.mart_work w ON w.item_key = d.item_key
    CROSS JOIN derived.state.span span
    -- By then work should have been billed: before the period that ended last.
    CROSS JOIN (SELECT last_from FROM derived.state.mart_today WHERE legal_entity = '') elsewhere
    LEFT JOIN derived.state.mart_today t ON t.legal_entity = w.legal_entity
    LEFT JOIN derived.state.sold s ON s.project_key = w.project_key
), settled AS (
    SELECT
        *,
        -- Whether the firm is paid for what is not billed, in this world.
        CASE world
            WHEN 'for' THEN true
            WHEN 'adjusted' THEN NOT unpaid AND NOT refused
            ELSE false
        END AS paid,
        -- Whether what the reported figures leave out happened and cost what it costs, in this world.
        world = 'for' OR world = 'against' OR (world = 'adjusted' AND NOT refused) AS happened
    FROM item
    CROSS JOIN derived.state.world
    WHERE world <> 'reported'
)
SELECT
    entity,
    item_key,
    world,
    case_id,
    cause,
    project_key,
    legal_entity,
    CAST(CASE
        WHEN decided THEN 0
        WHEN counted THEN CASE WHEN paid THEN CASE WHEN world = 'for' THEN unpriced ELSE 0 END ELSE -bill END
        WHEN paid THEN bill + unpriced
        ELSE 0
    END AS DECIMAL(18,2)) AS revenue,
    CAST(CASE WHEN happened AND NOT counted AND state <> 'billed' THEN cost ELSE 0 END AS DECIMAL(18,2)) AS cost,
    CAST(CASE WHEN happened AND NOT counted AND state <> 'billed' THEN hours ELSE 0 END AS DECIMAL(18,2)) AS hours,
    CAST(CASE
        WHEN state = 'ready' AND world <> 'for' THEN -bill
        WHEN state IN ('blocked', 'moving') AND world = 'for' THEN bill + unpriced
        ELSE 0
    END AS DECIMAL(18,2)) AS ready,
    CAST(CASE
        WHEN state = 'ready' AND world <> 'for' THEN bill
        WHEN state IN ('blocked', 'moving') AND world = 'for' THEN -bill
        ELSE 0
    END AS DECIMAL(18,2)) AS blocked,
    CAST(CASE
        WHEN decided THEN 0
        WHEN NOT paid THEN -bill
        WHEN world = 'for' THEN unpriced
        ELSE 0
    END AS DECIMAL(18,2)) AS unbilled,
    CAST(CASE world
        WHEN 'for' THEN greatest(beyond, 0)
        ELSE least(beyond, 0)
    END AS DECIMAL(18,2)) AS billed,
    CAST(CASE
        WHEN decided THEN 0
        WHEN NOT paid AND NOT late THEN bill
        WHEN world = 'for' AND late THEN -bill
        ELSE 0
    END AS DECIMAL(18,2)) AS lost,
    CAST(CASE
        WHEN state = 'not_approved' THEN CASE WHEN paid THEN lately ELSE 0 END
        WHEN NOT decided AND NOT paid THEN -lately
        ELSE 0
    END AS DECIMAL(18,2)) AS utilised
FROM settled
UNION ALL BY NAME
SELECT
    g.entity,
    g.item_key,
    w.world,
    g.case_id,
    'margin-differs' AS cause,
    g.project_key,
    g.legal_entity,
    -- The ERP owns the actuals; against the firm the higher cost is right, for it the lower.
    CAST(CASE w.world
        WHEN 'against' THEN greatest(-g.apart, 0)
        WHEN 'for' THEN least(-g.apart, 0)
        ELSE 0
    END AS DECIMAL(18,2)) AS cost
FROM derived.state.margin_doubt g
CROSS JOIN derived.state.world w
WHERE w.world <> 'reported';

-- settlement: summed by project
CREATE OR REPLACE TABLE derived.state.settlement AS
SELECT
    project_key,
    world,
    count(*) AS items,
    CAST(coalesce(sum(revenue), 0) AS DECIMAL(38,2)) AS revenue,
    CAST(coalesce(sum(cost), 0) AS DECIMAL(38,2)) AS cost,
    CAST(coalesce(sum(hours), 0) AS DECIMAL(38,2)) AS hours,
    CAST(coalesce(sum(ready), 0) AS DECIMAL(38,2)) AS ready,
    CAST(coalesce(sum(blocked), 0) AS DECIMAL(38,2)) AS blocked,
    CAST(coalesce(sum(unbilled), 0) AS DECIMAL(38,2)) AS unbilled,
    CAST(coalesce(sum(billed), 0) AS DECIMAL(38,2)) AS billed,
    CAST(coalesce(sum(lost), 0) AS DECIMAL(38,2)) AS lost,
    CAST(coalesce(sum(utilised), 0) AS DECIMAL(38,2)) AS utilised
FROM derived.state.unsettled
GROUP BY project_key, world;
