/*
Each time entry, expense and finished milestone with its state, the one reason why it cannot be billed, and its money.
What is billed is what an invoice that stands says, whatever became of the work since. What it is worth today is its
source's word; as long as that is older than the posting that was billed, it is worth what is billed.

grain: item_key
granule: item_key
within: work_item.item_key, posting.item_key, billed.item_key, item_run.item_key, beyond.item_key, apart.item_key
within: written_off.item_key, untold.item_key

    item_key         VARCHAR        -                   as booked in its system; MS-<project>-<milestone>
    kind             VARCHAR        -                   time, expense or milestone
    project_key      VARCHAR        -                   the code of the project it was booked on
    customer_key     VARCHAR        -                   who is billed
    customer_name    VARCHAR        -                   what that customer is called
    legal_entity     VARCHAR        -                   which company of the firm bills it
    service_line     VARCHAR        -                   of the project
    resource_key     VARCHAR        -                   who did the work
    charge_code      VARCHAR        -                   the line of the project it was booked on
    work_date        DATE           day                 when it was done; of a milestone when it was completed
    submitted_at     TIMESTAMPTZ    UTC                 when the person handed it in
    approved_at      TIMESTAMPTZ    UTC                 when it was approved; of a milestone when it was completed
    posted_at        TIMESTAMPTZ    UTC                 when the ERP took it; none while it has not
    hours            DECIMAL(8,2)   h                   of time only; of what is billed those that were billed
    billable         BOOLEAN        -                   whether the customer pays for it
    bill_amount      DECIMAL(18,2)  currency            what is billed, else what can be; 0 when it is not billable
    cost_amount      DECIMAL(18,2)  cost_currency       what it costs the firm
    currency         VARCHAR        ISO 4217            of bill_amount
    bill_reporting   DECIMAL(18,2)  reporting currency  bill_amount at the rate of its day; none where there is no rate
    cost_reporting   DECIMAL(18,2)  reporting currency  cost_amount at the rate of its day; none where there is no rate
    state            VARCHAR        -                   not_approved, blocked, moving, ready, billed or written_off
    blocker          VARCHAR        -                   the one reason why it cannot be billed, if any
    blocker_owner    VARCHAR        -                   the system in which somebody must act
    run_id           VARCHAR        -                   its newest run that has not ended well
    age_days         INTEGER        days                since work_date, where its company is
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
    invoice_key      VARCHAR        -                   the invoice that bills it; the first of several
    work_amount      DECIMAL(18,2)  work_currency       its worth today; 0 once withdrawn, or billed and unapproved
    work_currency    VARCHAR        ISO 4217            of work_amount
    work_hours       DECIMAL(8,2)   h                   of time only, as its source has it today
    gone             BOOLEAN        -                   no longer in its source: an invoice bills it, and nothing else
    work_reporting   DECIMAL(18,2)  reporting currency  work_amount at the rate that bill_reporting was converted at
    period           VARCHAR        -                   the accounting period of work_date, YYYY-MM
    billed_on        DATE           day                 when the invoice that bills it was sent; of several the first
    written_off_on   DATE           day                 when two people had agreed that nobody will pay for it
    untold           BOOLEAN        -                   billed, and its source not read since the ERP took it
*/

-- touched: items of which something is known otherwise, what hangs on their project or code, and what time has settled
SELECT item_key FROM derived.moved.work_item
UNION ALL
SELECT item_key FROM derived.moved.posting
UNION ALL
SELECT item_key FROM derived.moved.billed
UNION ALL
SELECT item_key FROM derived.moved.item_run
UNION ALL
SELECT item_key FROM derived.moved.beyond
UNION ALL
SELECT item_key FROM derived.moved.apart
UNION ALL
SELECT item_key FROM derived.moved.written_off
UNION ALL
SELECT item_key FROM derived.moved.untold
UNION ALL
SELECT w.item_key
FROM derived.state.work_item w
SEMI JOIN (
    SELECT key AS project_code FROM derived.moved.erp_project
    UNION ALL
    SELECT project_key FROM derived.moved.mart_project
    UNION ALL
    SELECT project_key FROM derived.moved.mart_contract
) p ON p.project_code = w.project_code
UNION ALL
SELECT w.item_key
FROM derived.state.work_item w
SEMI JOIN derived.moved.erp_code c ON c.key = w.charge_code
UNION ALL
SELECT p.item_key
FROM derived.state.posting p
SEMI JOIN derived.moved.document d ON d.key = p.invoice_number
UNION ALL
SELECT u.item_key
FROM derived.state.unread u
LEFT JOIN derived.state.erp_read r ON r.system IS NOT DISTINCT FROM u.system AND r.entity = u.entity
WHERE r.read_until > u.since OR (r.read_until = u.since AND u.entity <> 'invoice')
UNION ALL
-- An ERP that is new, is no more or was read less far than before: nothing of the rest can be relied on.
SELECT '*'
FROM derived.gone.erp_read g
FULL JOIN derived.come.erp_read c ON c.system IS NOT DISTINCT FROM g.system AND c.entity = g.entity
WHERE c.entity IS NULL
    OR g.entity IS NULL
    OR coalesce(c.read_until < g.read_until, (c.read_until IS NULL) <> (g.read_until IS NULL));

-- unread: items of which a list of their ERP that is read again may tell more
CREATE OR REPLACE TABLE derived.state.unread AS
WITH late AS (  -- what came before the list that was read least far was read is known everywhere
    SELECT e.item_key, e.project_code, e.legal_entity, coalesce(e.changed_at, e.approved_at, e.submitted_at) AS since
    FROM derived.state.work_item e
    WHERE e.kind <> 'milestone'
        AND coalesce(e.changed_at, e.approved_at, e.submitted_at) > (
            SELECT min(read_until) FROM derived.state.erp_read WHERE entity <> 'invoice'
        )
), awaited AS (
    SELECT e.item_key, e.project_code, e.legal_entity, p.flagged_at AS since
    FROM derived.state.work_item e
    JOIN derived.state.posting p ON p.kind = e.kind AND p.item_key = e.item_key
    WHERE p.flagged_at >= (SELECT min(read_until) FROM derived.state.erp_read WHERE entity = 'invoice')
)
SELECT u.item_key, r.system, r.entity, u.since
FROM (
    SELECT *, false AS awaited FROM late
    UNION ALL
    SELECT *, true FROM awaited
) u
LEFT JOIN derived.state.erp_project ep ON ep.key = u.project_code
LEFT JOIN derived.state.mart_project mp ON mp.project_key = u.project_code
LEFT JOIN derived.state.erp_of eo ON eo.legal_entity = coalesce(u.legal_entity, mp.legal_entity)
JOIN derived.state.erp_read r ON r.system IS NOT DISTINCT FROM coalesce(ep.system, eo.system)
WHERE (r.entity = 'invoice') = u.awaited AND (r.read_until < u.since OR (r.read_until = u.since AND u.awaited));

-- mart_work: every item with the one reason, if any, why it cannot be billed, and its money at the rate of its day
CREATE OR REPLACE TABLE derived.state.mart_work AS
WITH invoice AS (
    SELECT key, min(CASE WHEN stands THEN 'lineless' WHEN status = 'draft' THEN 'draft' ELSE 'void' END) AS status
    FROM derived.state.document
    GROUP BY key
), tied AS (  -- postings that were deleted or say something else; few
    SELECT
        CASE entity WHEN 'time_entry' THEN 'time' ELSE 'expense' END AS kind,
        item_key,
        min(CASE
            WHEN in_time THEN 'in-flight' WHEN reason = 'gone' THEN 'posting-gone' ELSE 'posting-differs'
        END) AS fault
    FROM derived.state.apart
    WHERE entity IN ('time_entry', 'expense') AND source_key IS NOT NULL AND reason IN ('gone', 'edited', 'outdated')
    GROUP BY ALL
), let_go AS (  -- what the tie-out has as written off, by the same amount: at this joint nothing came of it; few
    SELECT
        a.flow,
        a.item_key,
        min(a.source_amount) AS amount,
        min(a.currency) AS currency,
        min(w.approved_at) AS approved_at
    FROM derived.state.apart a
    JOIN derived.state.written_off w
        ON w.flow = a.flow
        AND w.entity = a.entity
        AND w.item_key = a.item_key
        AND w.amount = a.source_amount
        AND w.currency = a.currency
    WHERE a.target_key IS NULL
    GROUP BY a.flow, a.item_key
), listed AS (
    SELECT
        system,
        max(read_until) FILTER (entity = 'project') AS projects_at,
        max(read_until) FILTER (entity = 'charge_code') AS codes_at,
        max(read_until) FILTER (entity = 'invoice') AS invoices_at
    FROM derived.state.erp_read
    GROUP BY system
), joined AS MATERIALIZED (
    SELECT
        e.* REPLACE (e.flagged OR coalesce(p.flagged, false) AS flagged),
        coalesce(p.standing, 0) > 0 AS posted,
        p.posted_at,
        coalesce(b.stands, false) OR ((e.flagged OR coalesce(p.flagged, false)) AND NOT known.invoices) AS billed,
        b.invoice_key,
        b.issued_on AS billed_on,
        p.invoice_number AS named_invoice,
        coalesce(b.stands, false) AS on_invoice,
        b.item_key IS NOT NULL AND NOT b.stands AS taken_back,
        b.amount AS billed_amount,
        b.currency AS billed_currency,
        b.amount_reporting AS billed_reporting,
        b.hours AS billed_hours,
        b.customer_key AS billed_customer,
        d.status AS invoice_status,
        coalesce(p.flagged_at >= a.invoices_at, false) AS invoice_awaited,
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
        coalesce(c.hold, false) AS hold,
        coalesce(c.closed, false) AS closed,
        coalesce(c.won, true) AS won,
        coalesce(c.taxed, true) AS taxed,
        coalesce(c.in_force, true) AS in_force,
        coalesce(c.purchase_order IS NOT NULL AND c.erp_purchase_order IS NULL AND c.erp_value IS NOT NULL, false)
            AS orderless,
        y.limit_by,
        g.fault AS posting_fault,
        coalesce(ep.system, eo.system, known.any_erp) AS erp,
        -- What its ERP lacked before the item came into being says nothing of what it has now: list by list.
        e.kind = 'milestone'
            OR coalesce(a.projects_at >= coalesce(e.changed_at, e.approved_at, e.submitted_at, a.projects_at), false)
            AS projects_fresh,
        coalesce(a.codes_at >= coalesce(e.changed_at, e.approved_at, e.submitted_at, a.codes_at), false) AS codes_fresh,
        known.projects AS projects_known,
        known.codes AS codes_known,
        known.sales AND coalesce(NOT mp.in_crm AND mp.renamed_to IS NULL, true) AS unsold,
        known.crm,
        known.hcm,
        mp.sow_expires_on,
        fx.currency IS NOT NULL AND (e.work_date IS NOT NULL OR e.currency = {currency}) AS convertible,
        wo.item_key IS NOT NULL AS written_off,
        u.item_key IS NOT NULL AS untold,
        wo.approved_at AS written_off_at
    FROM derived.state.work_item e
    CROSS JOIN derived.state.known known
    LEFT JOIN derived.state.posting p ON p.kind = e.kind AND p.item_key = e.item_key
    LEFT JOIN derived.state.billed b ON b.item_key = e.item_key
    LEFT JOIN invoice d ON d.key = p.invoice_number
    LEFT JOIN derived.state.item_run r
        ON r.item_key = e.item_key
        AND r.business_key = CASE e.kind
            WHEN 'time' THEN 'time_entry:' WHEN 'expense' THEN 'expense:' ELSE 'milestone:'
        END || e.item_key
    LEFT JOIN derived.state.erp_project ep ON ep.key = e.project_code
    LEFT JOIN derived.state.erp_code ec ON ec.key = e.charge_code
    LEFT JOIN derived.state.mart_project mp ON mp.project_key = e.project_code
    LEFT JOIN derived.state.erp_of eo ON eo.legal_entity = coalesce(e.legal_entity, mp.legal_entity)
    LEFT JOIN listed a ON a.system IS NOT DISTINCT FROM coalesce(ep.system, eo.system)
    LEFT JOIN derived.state.mart_contract c ON c.project_key = e.project_code
    LEFT JOIN derived.state.beyond y ON y.item_key = e.item_key
    LEFT JOIN tied g ON g.kind = e.kind AND g.item_key = e.item_key
    LEFT JOIN derived.state.mart_fx fx ON fx.currency = e.currency
    LEFT JOIN derived.state.untold u ON u.item_key = e.item_key
    LEFT JOIN let_go wo
        ON wo.item_key = e.item_key
        AND wo.flow = CASE WHEN e.kind = 'milestone' OR p.standing > 0 THEN 'billing' ELSE 'time-to-bill' END
        -- What is worth something else by now, or nothing, is another thing than two people agreed to lose.
        AND e.billable
        AND wo.amount = e.amount
        AND wo.currency = e.currency
        -- What is taken back from approval is owed by nobody: there is nothing to write off until it is agreed to
        -- again.
        AND e.approval = 'approved'
), checked AS (
    SELECT *, CASE
        -- The code is not judged: a milestone has none, and of an ERP whose codes were not read yet, or not since this
        -- item changed, nothing is known. A project the ERP lacks explains its codes, so the project comes first.
        WHEN kind = 'milestone' OR NOT codes_known OR NOT erp_has OR NOT codes_fresh THEN NULL
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
        -- Billed: whatever else is wrong with it holds no money back. In a currency without a rate it is named.
        WHEN billed THEN CASE
            WHEN on_invoice AND billed_amount <> 0 AND billed_reporting IS NULL THEN 'not-convertible'
            WHEN NOT on_invoice AND billable AND amount <> 0 AND NOT convertible THEN 'not-convertible'
        END
        -- Two people agreed that nobody will pay for it, as it stands.
        WHEN written_off THEN NULL
        -- The ERP calls it invoiced, and what billed it was voided or credited: it must be billed again or written off,
        -- and no billing run takes it while it is called so.
        WHEN flagged AND (taken_back OR invoice_status = 'void') THEN 'invoice-void'
        -- The ERP calls it invoiced, and no invoice there has a line for it. One whose flag was seen since invoices
        -- were read is only seen before its invoice; on a draft it waits to be sent.
        WHEN flagged AND invoice_status IS DISTINCT FROM 'draft'
            THEN CASE WHEN invoice_awaited THEN 'in-flight' ELSE 'invoice-unknown' END
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
        -- An approver sent it back: the person who booked it corrects it. What was posted before is owed no more.
        WHEN approval = 'rejected' THEN 'rejected'
        -- It lies with the approver. Nothing about its project is worth saying before somebody has agreed to the work.
        WHEN approval = 'submitted' THEN 'approval-pending'
        -- The person who did the work has not handed it in.
        WHEN approval = 'open' THEN 'not-submitted'
        -- The ERP has no such project: what is not posted will be refused, and what is posted stands on no project that
        -- could be invoiced. Said only of an ERP that has projects and whose list of them was read since it changed.
        WHEN projects_known AND NOT erp_has AND projects_fresh
            THEN CASE WHEN unsold THEN 'project-unsold' ELSE 'project-missing' END
        -- Approved and not posted, and its charge code will be refused: one of the faults above.
        WHEN NOT posted AND code_fault IS NOT NULL THEN code_fault
        -- Its run waits for a row of a value map.
        WHEN run_state = 'waiting' AND waiting_for LIKE 'value\_map/%' ESCAPE '\' THEN 'unmapped-value'
        -- Its run waits for data or a decision: whoever owns that is named.
        WHEN run_state = 'waiting' THEN 'paused'
        -- The ERP held it and holds it no more, or holds something else, and no run is about to mend that.
        WHEN run_state IS NULL AND posting_fault IS NOT NULL THEN posting_fault
        -- On its way: nobody need act, and it is late only when its flow's service level says so.
        -- A milestone has no posting to wait for.
        WHEN kind <> 'milestone' AND (NOT posted OR run_state IS NOT NULL) THEN 'in-flight'
        -- The customer does not pay for it: nothing below holds anything back.
        WHEN NOT billable THEN NULL
        -- The sale was opened again or lost since: nobody owes the work before sales say so.
        WHEN NOT won THEN 'sale-not-won'
        -- The ERP has closed the project and writes no invoice on it.
        WHEN closed THEN 'project-closed'
        -- The contract is on hold: somebody in finance releases it.
        WHEN hold THEN 'billing-hold'
        -- Done, and the customer has not accepted it.
        WHEN kind = 'milestone' AND NOT accepted THEN 'milestone-not-accepted'
        -- Posted without a bill rate: it would be invoiced at nothing.
        WHEN rateless THEN 'rate-missing'
        -- In a currency without an exchange rate, or on no day: it stands in no total until somebody enters one.
        WHEN amount <> 0 AND NOT convertible THEN 'not-convertible'
        -- The ERP would bill by another contract than the one that was sold.
        WHEN NOT in_force THEN 'contract-version'
        -- Done after the statement of work ended: the customer need not pay until it is extended.
        WHEN work_date > sow_expires_on THEN 'sow-expired'
        -- What is billed, and the work done before it, reach the cap or the value of the contract.
        WHEN limit_by IS NOT NULL THEN limit_by
        -- The customer returns an invoice without his order's number, and the tax office one without its profile.
        WHEN orderless THEN 'po-missing'
        WHEN NOT taxed THEN 'tax-profile-missing'
        -- It passed every gate: an invoice can be written today.
        END AS blocker
    FROM checked
    WHERE approval <> 'reversed' OR billed
), judged AS (  -- where it stands, who acts, and on what
    SELECT
        *,
        CASE
            WHEN billed THEN 'billed'
            WHEN written_off THEN 'written_off'
            WHEN blocker IN ('rejected', 'approval-pending', 'not-submitted') THEN 'not_approved'
            WHEN blocker = 'in-flight' THEN 'moving'
            WHEN blocker IS NOT NULL THEN 'blocked'
            ELSE 'ready'
        END AS state,
        CASE
            -- Approvals are given where the item was booked.
            WHEN blocker IN ('rejected', 'approval-pending', 'not-submitted') THEN source_system
            -- The step that paused the run names who can go on; else the ERP it was on its way to.
            WHEN blocker IN ('paused', 'unmapped-value') THEN coalesce(waiting_owner, erp)
            -- Sales and statements of work are the CRM's.
            WHEN blocker IN (
                'project-unsold',
                'sale-not-won',
                'sow-expired',
                'over-cap',
                'over-contract',
                'tax-profile-missing'
            )
                THEN crm
            -- Projects, open codes, holds, invoices and exchange rates are the ERP's.
            WHEN blocker IN (
                'project-missing',
                'project-closed',
                'posting-gone',
                'posting-differs',
                'charge-code-inactive',
                'billing-hold',
                'milestone-not-accepted',
                'contract-version',
                'po-missing',
                'invoice-void',
                'invoice-unknown',
                'not-convertible'
            ) THEN coalesce(erp, 'erp')
            -- What a person costs is the HCM's; only a bill rate is given where the item was booked.
            WHEN blocker = 'rate-missing' AND NOT rateless
                THEN coalesce(hcm, 'hcm')
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
            WHEN blocker IN ('invoice-void', 'invoice-unknown') THEN coalesce(named_invoice, project_code)
            WHEN blocker LIKE 'charge-code-%' THEN coalesce(charge_code, '-')
            WHEN blocker = 'not-convertible' THEN coalesce(billed_currency, currency)
            WHEN blocker IN ('paused', 'unmapped-value') THEN waiting_for
            WHEN run_state = 'dead' AND blocker NOT IN ('project-missing', 'project-unsold')
                THEN coalesce(run_system, '-')
            WHEN blocker IN ('rate-missing', 'in-flight', 'rejected', 'approval-pending', 'not-submitted') THEN NULL
            WHEN blocker IS NOT NULL THEN project_code
        END AS blocker_key
    FROM reasoned
)
SELECT
    j.item_key,
    j.kind,
    j.project_code AS project_key,
    coalesce(p.customer_key, j.billed_customer) AS customer_key,
    p.customer_name,
    coalesce(j.legal_entity, p.legal_entity) AS legal_entity,
    p.service_line,
    j.resource_key,
    j.charge_code,
    j.work_date,
    j.submitted_at,
    j.approved_at,
    j.posted_at,
    CAST(CASE WHEN j.on_invoice THEN coalesce(j.billed_hours, j.hours) ELSE j.hours END AS DECIMAL(8,2)) AS hours,
    j.billable OR j.on_invoice AS billable,
    CAST(
        CASE WHEN j.on_invoice THEN j.billed_amount WHEN j.billable THEN j.amount ELSE 0 END AS DECIMAL(18,2)
    ) AS bill_amount,
    j.cost_amount,
    CASE WHEN j.on_invoice THEN j.billed_currency ELSE j.currency END AS currency,
    CAST(
        CASE
            WHEN j.on_invoice THEN j.billed_reporting
            WHEN j.billable THEN derived.state.cents(j.amount * coalesce(zx.rate, fx.rate))
            ELSE 0
        END AS DECIMAL(18,2)
    ) AS bill_reporting,
    CAST(derived.state.cents(j.cost_amount * coalesce(czx.rate, cfx.rate)) AS DECIMAL(18,2)) AS cost_reporting,
    j.state,
    j.blocker,
    j.blocker_owner,
    j.run_id,
    CAST(greatest(date_diff('day', j.work_date, coalesce(t.today, elsewhere.today)), 0) AS INTEGER) AS age_days,
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
    j.cost_currency,
    j.invoice_key,
    CAST(
        CASE WHEN j.untold THEN j.billed_amount WHEN j.billable AND j.owed THEN j.amount ELSE 0 END AS DECIMAL(18,2)
    ) AS work_amount,
    CASE WHEN j.untold THEN j.billed_currency ELSE j.currency END AS work_currency,
    CAST(CASE
        WHEN j.untold THEN coalesce(j.billed_hours, j.hours)
        WHEN j.kind = 'time' AND NOT j.owed THEN 0
        ELSE j.hours
    END AS DECIMAL(8,2)) AS work_hours,
    j.gone,
    -- At one rate with what is billed, so that the difference of the two is no difference of rates.
    CAST(CASE
        WHEN j.untold THEN j.billed_reporting
        WHEN NOT j.billable OR NOT j.owed THEN 0
        WHEN j.on_invoice AND j.billed_amount <> 0 AND j.billed_currency = j.currency
            THEN j.amount * (j.billed_reporting / j.billed_amount)
        ELSE derived.state.cents(j.amount * coalesce(zx.rate, fx.rate))
    END AS DECIMAL(18,2)) AS work_reporting,
    coalesce(d.period, strftime(j.work_date, '%Y-%m')) AS period,
    j.billed_on,
    CASE WHEN j.state = 'written_off' THEN CAST(j.written_off_at AT TIME ZONE coalesce(z.zone, 'UTC') AS DATE) END
        AS written_off_on,
    j.untold
FROM (
    -- Nobody owes what was billed and is not approved any more.
    SELECT *, CASE WHEN on_invoice THEN approval = 'approved' ELSE approval <> 'reversed' END AS owed
    FROM judged
) j
CROSS JOIN (SELECT today FROM derived.state.mart_today WHERE legal_entity = '') elsewhere
LEFT JOIN derived.state.mart_project p ON p.project_key = j.project_code
LEFT JOIN derived.state.mart_today t ON t.legal_entity = coalesce(j.legal_entity, p.legal_entity)
LEFT JOIN derived.state.legal_entity z ON z.legal_entity = coalesce(j.legal_entity, p.legal_entity)
LEFT JOIN derived.state.fiscal_day d ON d.year = z.year AND d.day = j.work_date
LEFT JOIN derived.state.fx_day fx ON fx.currency = j.currency AND fx.day = derived.state.rate_day(j.work_date)
LEFT JOIN derived.state.fx_day cfx ON cfx.currency = j.cost_currency AND cfx.day = derived.state.rate_day(j.work_date)
LEFT JOIN derived.state.fx_frozen zx
    ON zx.legal_entity = coalesce(j.legal_entity, p.legal_entity) AND zx.currency = j.currency AND zx.day = j.work_date
LEFT JOIN derived.state.fx_frozen czx
    ON czx.legal_entity = coalesce(j.legal_entity, p.legal_entity)
    AND czx.currency = j.cost_currency
    AND czx.day = j.work_date;
