-- dead: every dead run whose item another detector does not already explain, with the item's money where there is one
-- Of several runs of one item the newest says what hangs on it, so that its money is counted once.
WITH run AS (
    SELECT *, row_number() OVER (
        PARTITION BY flow, business_key, payload->>'$.ref.id'
        ORDER BY source_version DESC NULLS LAST, created_at DESC, run_id DESC
    ) = 1 AS newest
    FROM open_runs
)
SELECT * EXCLUDE (newest, source_version, counted)
FROM (
    SELECT
        r.newest,
        r.source_version,
        -- Of a sale that was moved what is posted is at stake, of billed work what the invoice bills too much or too
        -- little, of what an invoice billed once all of it: their own detectors count that.
        r.newest
            AND r.error_code IS DISTINCT FROM 'entity-moved'
            AND w.state IS DISTINCT FROM 'billed'
            AND coalesce(w.blocker NOT IN ('invoice-void', 'invoice-unknown'), true) AS counted,
        r.run_id,
        r.trace_id,
        r.flow,
        r.step_name,
        r.business_key,
        r.system AS refused_by,
        -- What could not be read nobody refused: it is its source that changed.
        coalesce(r.system, CASE WHEN r.flow = 'intake' THEN r.payload->>'$.system' END) AS system,
        r.error_code,
        r.error_message,
        r.error_field,
        coalesce(f.failed_at, r.updated_at) AS failed_at,
        -- A sale that was moved is the case of the company whose books its project stands in.
        coalesce(
            w.legal_entity, CASE WHEN r.error_code = 'entity-moved' THEN p.legal_entity END, r.legal_entity
        ) AS legal_entity,
        coalesce(
            w.period,
            strftime(
                coalesce(w.work_date, TRY_CAST(coalesce(r.payload->>'$.work_date', r.payload->>'$.spent_on') AS DATE)),
                '%Y-%m'
            )
        ) AS period,
        r.payload->>'$.ref.system' AS source,
        r.payload->>'$.ref.id' AS source_id,
        r.payload->>'$.number' AS number,
        w.item_key,
        coalesce(
            w.project_key,
            -- What a sale was called before is what its order, its budget and its work are still called.
            CASE WHEN r.error_code = 'project-recoded' THEN q.project_key END,
            r.payload->>'$.project_id',
            r.payload->>'$.project_code',
            r.payload->>'$.code'
        ) AS project_key,
        w.customer_key,
        w.billable,
        coalesce(w.charge_code, r.payload->>'$.charge_code') AS charge_code,
        coalesce(r.payload->>'$.resource_id', w.resource_key) AS resource_key,
        CASE WHEN counted THEN coalesce(w.bill_amount, r.amount) END AS amount,
        coalesce(w.currency, r.currency) AS currency,
        CASE
            WHEN counted AND w.bill_amount IS NOT NULL THEN w.bill_reporting
            WHEN counted THEN f.amount_reporting
        END AS bill_reporting
    FROM run r
    LEFT JOIN mart_failure f ON f.run_id = r.run_id
    LEFT JOIN mart_work w ON w.run_id = r.run_id
    LEFT JOIN mart_project p ON p.project_key = (r.payload->>'$.project_code')
    LEFT JOIN (
        SELECT renamed_to, min(project_key) AS project_key FROM mart_project
        WHERE renamed_to IS NOT NULL GROUP BY renamed_to
    ) q ON q.renamed_to = (r.payload->>'$.project_code')
    WHERE r.state = 'dead'
        AND NOT coalesce(
            w.blocker IN ('project-missing', 'project-unsold', 'rate-missing')
            OR w.blocker LIKE 'charge-code-%'
            -- Of what was written off nobody wants to know any more.
            OR w.state = 'written_off',
            false
        )
)
-- Of versions of one record that were refused alike the newest speaks: a case has one finding of each thing.
QUALIFY row_number() OVER (
    PARTITION BY flow, coalesce(business_key, run_id), source_id, error_code, system, error_field, period
    ORDER BY newest DESC, source_version DESC NULLS LAST, run_id DESC
) = 1;
