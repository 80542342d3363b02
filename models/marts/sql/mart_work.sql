/*
Each time entry, expense and finished milestone with its state, the one reason why it cannot be billed, and its money.

grain: item_key

    item_key         VARCHAR        -                   as booked in its system; MS-<project>-<milestone>
    kind             VARCHAR        -                   time, expense or milestone
    project_key      VARCHAR        -                   the code of the project it was booked on
    customer_key     VARCHAR        -                   who is billed
    customer_name    VARCHAR        -                   what that customer is called
    legal_entity     VARCHAR        -                   which company of the firm bills it
    service_line     VARCHAR        -                   of the project
    resource_key     VARCHAR        -                   who did the work
    charge_code      VARCHAR        -                   the line of the project it was booked on
    work_date        DATE           day                 when it was done; of a milestone when it was completed, or due
    submitted_at     TIMESTAMPTZ    UTC                 when the person handed it in
    approved_at      TIMESTAMPTZ    UTC                 when it was approved; of a milestone when it was completed
    posted_at        TIMESTAMPTZ    UTC                 when the ERP took it; none while it has not
    hours            DECIMAL(8,2)   h                   of time only
    billable         BOOLEAN        -                   whether the customer pays for it
    bill_amount      DECIMAL(18,2)  currency            what it can be billed at; 0 when it is not billable
    cost_amount      DECIMAL(18,2)  cost_currency       what it costs the firm
    currency         VARCHAR        ISO 4217            of bill_amount
    bill_reporting   DECIMAL(18,2)  reporting currency  bill_amount at today's rate
    cost_reporting   DECIMAL(18,2)  reporting currency  cost_amount at today's rate
    state            VARCHAR        -                   not_approved, blocked, ready or billed
    blocker          VARCHAR        -                   the one reason why it cannot be billed, if any
    blocker_owner    VARCHAR        -                   the system in which somebody must act
    run_id           VARCHAR        -                   its newest run that has not ended well
    age_days         INTEGER        days                since work_date
    blocker_key      VARCHAR        -                   what to mend: a project, a code, a system, what a run waits for
    trace_id         VARCHAR        -                   of that run
    error_code       VARCHAR        -                   what that run died of
    error_message    VARCHAR        -                   what the target said, or what the PSA says of its own attempt
    error_field      VARCHAR        -                   the field the target disliked
    blocked_since    TIMESTAMPTZ    UTC                 when its run died, else when it was approved or handed in
    source_system    VARCHAR        -                   where it was booked; none for milestones
    milestone        VARCHAR        -                   what the milestone is called
    waiting_because  VARCHAR        -                   why its run waits
    code_fault       VARCHAR        -                   what is wrong with the charge code of an item that is not posted
    approval         VARCHAR        -                   open, submitted, approved, rejected or reversed
    rateless         BOOLEAN        -                   billable time without a bill rate
    cost_currency    VARCHAR        ISO 4217            of cost_amount
*/

-- posting: what the ERP holds of each item, reversals set against what they undo
CREATE OR REPLACE TABLE memory.state.posting AS
SELECT
    item_key,
    sum(CASE WHEN reversal THEN -1 ELSE 1 END) AS net,
    coalesce(bool_or(invoiced) FILTER (NOT reversal), false) AS invoiced,
    max(coalesce(created_at, observed_at)) FILTER (NOT reversal) AS posted_at
FROM memory.state.item
WHERE role = 'erp'
GROUP BY item_key;

-- erp_project: projects the ERP knows, over all its instances
CREATE OR REPLACE TABLE memory.state.erp_project AS
SELECT key, min(system) AS system, min(status) AS status
FROM memory.state.project
WHERE role = 'erp'
GROUP BY key;

-- erp_code: charge codes the ERP knows, over all its instances
CREATE OR REPLACE TABLE memory.state.erp_code AS
SELECT key, min(system) AS system, bool_or(active) AS active, min(project_code) AS project_code
FROM memory.state.charge_code
WHERE role = 'erp'
GROUP BY key;

-- item_run: the newest unfinished run of each business key
CREATE OR REPLACE TABLE memory.state.item_run AS
SELECT *
FROM memory.state.open_run
WHERE flow = 'time-to-bill'
QUALIFY row_number() OVER (
    PARTITION BY business_key ORDER BY source_version DESC NULLS LAST, created_at DESC, run_id DESC
) = 1;

-- erp_of: which ERP books for a legal entity
CREATE OR REPLACE TABLE memory.state.erp_of AS
SELECT legal_entity, mode(system) AS system
FROM memory.state.project
WHERE role = 'erp'
GROUP BY legal_entity;

-- milestone: billable milestones that are done, as the best source has them (ERP contract, CRM contract, the sale)
CREATE OR REPLACE TABLE memory.state.milestone AS
WITH listed AS (
    SELECT project_code, legal_entity, milestones, hold, CASE role WHEN 'erp' THEN 1 ELSE 2 END AS rank
    FROM memory.state.contract
    WHERE milestones IS NOT NULL
    UNION ALL
    SELECT key, legal_entity, milestones, false, 3
    FROM memory.state.project
    WHERE role = 'crm' AND milestones IS NOT NULL
    UNION ALL
    SELECT project_code, legal_entity, milestones, false, 4
    FROM memory.state.sale
), each AS (
    SELECT project_code, legal_entity, hold, rank, unnest(from_json(milestones, '[{
        "milestone_id": "VARCHAR",
        "name": "VARCHAR",
        "due": "VARCHAR",
        "amount": {"amount": "VARCHAR", "currency": "VARCHAR"},
        "completed_at": "VARCHAR",
        "accepted": "BOOLEAN",
        "invoiced": "BOOLEAN",
        "billed": "BOOLEAN"
    }]')) AS m
    FROM listed
    WHERE json_valid(milestones) AND json_type(milestones) = 'ARRAY' AND project_code IS NOT NULL
), best AS (
    SELECT *
    FROM each
    QUALIFY row_number() OVER (PARTITION BY project_code, m.milestone_id ORDER BY rank) = 1
), invoiced AS (
    SELECT project_code, unnest(from_json(lines, '[{"posting_id": "VARCHAR", "milestone_id": "VARCHAR"}]')) AS line
    FROM memory.state.invoice
    WHERE status NOT IN ('void', 'draft') AND json_valid(lines) AND json_type(lines) = 'ARRAY'
), lines AS (
    SELECT DISTINCT coalesce(line.milestone_id, line.posting_id) AS milestone_id, project_code AS billed_project
    FROM invoiced
)
SELECT
    project_code,
    legal_entity,
    coalesce(hold, false) AS hold,
    m.milestone_id AS milestone_id,
    m.name AS name,
    TRY_CAST(m.amount.amount AS DECIMAL(18,2)) AS amount,
    m.amount.currency AS currency,
    TRY_CAST(m.due AS DATE) AS due,
    TRY_CAST(m.completed_at AS TIMESTAMPTZ) AS completed_at,
    coalesce(m.invoiced, false) OR coalesce(m.billed, false) OR l.milestone_id IS NOT NULL AS billed
FROM best
LEFT JOIN lines l
    ON l.milestone_id = m.milestone_id AND coalesce(l.billed_project, best.project_code) = best.project_code
WHERE m.completed_at IS NOT NULL OR (rank > 1 AND TRY_CAST(m.due AS DATE) <= CAST({now} AS DATE));

-- judged: every item with the one reason, if any, why it cannot be billed
CREATE OR REPLACE TABLE memory.state.judged AS
WITH known AS (
    SELECT
        EXISTS (SELECT 1 FROM memory.state.erp_project) AS projects,
        EXISTS (SELECT 1 FROM memory.state.erp_code) AS codes,
        EXISTS (SELECT 1 FROM memory.state.project WHERE role = 'crm') AS sales,
        (
            SELECT max(observed_at)
            FROM memory.state.place
            WHERE system IN (SELECT system FROM memory.state.erp_of)
        ) AS erp_seen_at,
        (SELECT mode(system) FROM memory.state.erp_of) AS any_erp
), held AS (
    SELECT project_code, bool_or(hold) AS hold
    FROM memory.state.contract
    WHERE role = 'erp'
    GROUP BY project_code
), every AS (
    SELECT
        kind,
        item_key,
        project_code,
        charge_code,
        resource_key,
        legal_entity,
        work_date,
        submitted_at,
        approved_at,
        hours,
        billable,
        CASE kind
            WHEN 'time' THEN CAST(memory.state.cents(hours * bill_rate) AS DECIMAL(18,2)) ELSE amount
        END AS bill_amount,
        CASE kind
            WHEN 'time' THEN CAST(memory.state.cents(hours * cost_rate) AS DECIMAL(18,2)) ELSE amount
        END AS cost_amount,
        currency,
        cost_currency,
        approval,
        system AS source_system,
        changed_at,
        sync_message,
        (kind = 'time' AND billable AND bill_rate IS NULL) AS rateless,
        NULL AS milestone,
        false AS milestone_billed
    FROM memory.state.item
    WHERE role = 'psa'
    UNION ALL BY NAME
    SELECT
        'milestone' AS kind,
        'MS-' || project_code || '-' || milestone_id AS item_key,
        project_code,
        legal_entity,
        coalesce(CAST(completed_at AS DATE), due) AS work_date,
        coalesce(completed_at, CAST(due AS TIMESTAMPTZ)) AS approved_at,
        true AS billable,
        amount AS bill_amount,
        currency,
        'approved' AS approval,
        false AS rateless,
        name AS milestone,
        billed AS milestone_billed
    FROM memory.state.milestone
), joined AS (
    SELECT
        e.*,
        coalesce(p.net, 0) > 0 AS posted,
        coalesce(p.invoiced, false) AS invoiced,
        p.posted_at,
        r.run_id,
        r.trace_id,
        r.state AS run_state,
        r.error_code,
        r.error_message,
        r.error_field,
        r.system AS run_system,
        r.waiting_for,
        r.waiting_because,
        r.waiting_owner,
        r.updated_at AS run_at,
        ep.key IS NOT NULL AS erp_has,
        ec.key IS NOT NULL AS code_known,
        ec.active AS code_active,
        ec.project_code AS code_project,
        coalesce(h.hold, false) AS hold,
        coalesce(ep.system, eo.system, known.any_erp) AS erp,
        -- What an ERP lacked before the item came into being says nothing of what it has now.
        e.kind = 'milestone'
            OR known.erp_seen_at >= coalesce(e.changed_at, e.approved_at, e.submitted_at, known.erp_seen_at)
            AS erp_fresh,
        known.projects AS projects_known,
        known.codes AS codes_known,
        known.sales AND coalesce(NOT mp.in_crm, true) AS unsold,
        mp.sow_expires_on
    FROM every e
    CROSS JOIN known
    LEFT JOIN memory.state.posting p ON p.item_key = e.item_key
    LEFT JOIN memory.state.item_run r
        ON r.business_key = CASE e.kind
            WHEN 'time' THEN 'time_entry:' WHEN 'expense' THEN 'expense:' ELSE 'milestone:'
        END || e.item_key
    LEFT JOIN memory.state.erp_project ep ON ep.key = e.project_code
    LEFT JOIN memory.state.erp_code ec ON ec.key = e.charge_code
    LEFT JOIN memory.state.mart_project mp ON mp.project_key = e.project_code
    LEFT JOIN memory.state.erp_of eo ON eo.legal_entity = coalesce(e.legal_entity, mp.legal_entity)
    LEFT JOIN held h ON h.project_code = e.project_code
), checked AS (
    SELECT *, CASE
        -- The code is not judged: a milestone has none, and of an ERP that was not seen yet, or not since this item
        -- changed, nothing is known. A project the ERP lacks explains its codes, so the project comes first.
        WHEN kind = 'milestone' OR NOT codes_known OR NOT erp_has OR NOT erp_fresh THEN NULL
        -- No charge code was given: whoever booked the item must choose one.
        WHEN charge_code IS NULL THEN 'charge-code-missing'
        -- The ERP has no such code: a typing error at the source, or the code was never made.
        WHEN NOT code_known THEN 'charge-code-unknown'
        -- The code exists but belongs to another project, which would be billed by mistake.
        WHEN code_project <> project_code THEN 'charge-code-of-other-project'
        -- The code is the right one and closed: somebody opens it again in the ERP or rebooks the item.
        WHEN NOT code_active THEN 'charge-code-inactive'
        END AS code_fault
    FROM joined
), reasoned AS (
    -- An item has one reason, so that its money is counted once: the first branch that holds. What happened comes
    -- before what can be foreseen, and the cause before what follows from it.
    SELECT *, CASE
        -- Billed: whatever else is wrong with it holds no money back.
        WHEN invoiced OR milestone_billed THEN NULL
        -- The ERP refused it because it has no such project. Where the CRM never sold it, the sale must come first, or
        -- the booking is on the wrong project; where it was sold, the project must be set up again.
        WHEN run_state = 'dead' AND error_code IN ('project-not-found', 'project-unknown')
            THEN CASE WHEN unsold THEN 'project-unsold' ELSE 'project-missing' END
        -- The ERP refused it because it has no such charge code: the same reason as the check below, said sooner.
        WHEN run_state = 'dead' AND error_code IN ('charge-code-not-found', 'charge-code-unknown')
            THEN 'charge-code-unknown'
        -- The ERP refused it for a reason of its own: its code says which. An answer outranks every guess below, also
        -- for an item that is posted already and whose correction was refused.
        WHEN run_state = 'dead' THEN coalesce(error_code, 'rejected-by-system')
        -- An approver sent it back: the person who booked it corrects it. Once posted, approval no longer matters.
        WHEN NOT posted AND approval = 'rejected' THEN 'rejected'
        -- It lies with the approver. Nothing about its project is worth saying before somebody has agreed to the work.
        WHEN NOT posted AND approval = 'submitted' THEN 'approval-pending'
        -- The person who did the work has not handed it in.
        WHEN NOT posted AND approval = 'open' THEN 'not-submitted'
        -- Approved, and no run has met it yet, but the ERP has no such project: it will be refused. Said only of an ERP
        -- that has projects and was seen since the item changed.
        WHEN NOT posted AND projects_known AND NOT erp_has AND erp_fresh
            THEN CASE WHEN unsold THEN 'project-unsold' ELSE 'project-missing' END
        -- The contract is on hold: somebody in finance releases it. A milestone is not posted before it is billed, so
        -- the hold is all that can stop one.
        WHEN kind = 'milestone' AND hold THEN 'billing-hold'
        -- A milestone that is done and not on hold is ready.
        WHEN kind = 'milestone' THEN NULL
        -- Approved and not posted, and its charge code will be refused: one of the faults above.
        WHEN NOT posted AND code_fault IS NOT NULL THEN code_fault
        -- Its run waits for data or a decision: whoever owns that is named.
        WHEN run_state = 'waiting' THEN 'paused'
        -- On its way: nobody need act, and it is late only when its flow's service level says so.
        WHEN NOT posted OR run_state IS NOT NULL THEN 'in-flight'
        -- Posted, but the contract is on hold: it cannot go on an invoice.
        WHEN hold AND billable THEN 'billing-hold'
        -- Posted without a bill rate: it would be invoiced at nothing.
        WHEN rateless THEN 'rate-missing'
        -- Posted, but done after the statement of work ended: the customer need not pay until it is extended.
        WHEN billable AND work_date > sow_expires_on THEN 'sow-expired'
        -- Posted, priced and covered: ready to be billed.
        END AS blocker
    FROM checked
    WHERE approval <> 'reversed' OR posted
)
SELECT
    *,
    CASE
        WHEN invoiced OR milestone_billed THEN 'billed'
        WHEN blocker IN ('rejected', 'approval-pending', 'not-submitted') THEN 'not_approved'
        WHEN blocker IS NOT NULL THEN 'blocked'
        ELSE 'ready'
    END AS state,
    CASE
        -- Approvals are given where the item was booked.
        WHEN blocker IN ('rejected', 'approval-pending', 'not-submitted') THEN source_system
        -- The step that paused the run names who can go on; else the ERP it was on its way to.
        WHEN blocker = 'paused' THEN coalesce(waiting_owner, erp)
        -- Sales and statements of work are the CRM's.
        WHEN blocker IN ('project-unsold', 'sow-expired')
            THEN (SELECT min(system) FROM memory.state.project WHERE role = 'crm')
        -- Projects, open codes and holds are the ERP's.
        WHEN blocker IN ('project-missing', 'charge-code-inactive', 'billing-hold') THEN coalesce(erp, 'erp')
        -- A wrong code or a missing rate is corrected where the item was booked.
        WHEN blocker IN (
            'charge-code-missing',
            'charge-code-unknown',
            'charge-code-of-other-project',
            'charge-code-of-other-entity',
            'rate-missing'
        ) THEN source_system
        -- What is on its way is our own business.
        WHEN blocker = 'in-flight' THEN 'tieout'
        -- The system that refused it.
        WHEN blocker IS NOT NULL THEN coalesce(run_system, erp, 'erp')
    END AS blocker_owner,
    CASE
        WHEN blocker IN ('project-missing', 'project-unsold', 'billing-hold', 'sow-expired') THEN project_code
        WHEN blocker LIKE 'charge-code-%' THEN coalesce(charge_code, '-')
        WHEN blocker = 'paused' THEN waiting_for
        WHEN blocker IS NOT NULL AND run_state = 'dead' THEN coalesce(run_system, '-')
    END AS blocker_key
FROM reasoned;

-- mart_work: the judged items with their project's names and their money at today's rates
CREATE OR REPLACE TABLE memory.state.mart_work AS
SELECT
    j.item_key,
    j.kind,
    j.project_code AS project_key,
    p.customer_key,
    p.customer_name,
    coalesce(j.legal_entity, p.legal_entity) AS legal_entity,
    p.service_line,
    j.resource_key,
    j.charge_code,
    j.work_date,
    j.submitted_at,
    j.approved_at,
    j.posted_at,
    j.hours,
    j.billable,
    CAST(CASE WHEN j.billable THEN j.bill_amount ELSE 0 END AS DECIMAL(18,2)) AS bill_amount,
    j.cost_amount,
    j.currency,
    CAST(
        CASE WHEN j.billable THEN memory.state.cents(j.bill_amount * fx.rate) ELSE 0 END AS DECIMAL(18,2)
    ) AS bill_reporting,
    CAST(memory.state.cents(j.cost_amount * cfx.rate) AS DECIMAL(18,2)) AS cost_reporting,
    j.state,
    j.blocker,
    j.blocker_owner,
    j.run_id,
    CAST(greatest(date_diff('day', j.work_date, CAST({now} AS DATE)), 0) AS INTEGER) AS age_days,
    j.blocker_key,
    j.trace_id,
    j.error_code,
    coalesce(j.error_message, j.sync_message) AS error_message,
    j.error_field,
    CASE
        WHEN j.blocker IS NULL THEN NULL
        WHEN j.run_state = 'dead' THEN j.run_at
        ELSE coalesce(j.approved_at, j.submitted_at, CAST(j.work_date AS TIMESTAMPTZ))
    END AS blocked_since,
    j.source_system,
    j.milestone,
    j.waiting_because,
    CASE WHEN NOT j.posted THEN j.code_fault END AS code_fault,
    j.approval,
    j.rateless,
    j.cost_currency
FROM memory.state.judged j
LEFT JOIN memory.state.mart_project p ON p.project_key = j.project_code
LEFT JOIN memory.state.mart_fx fx ON fx.currency = j.currency
LEFT JOIN memory.state.mart_fx cfx ON cfx.currency = j.cost_currency;
