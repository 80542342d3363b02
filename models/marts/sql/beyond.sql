/*
Unbilled work that no longer fits under what was agreed for its project, in the order in which it was done.

grain: item_key
granule: project_code
within: work_item.project_code, mart_contract.project_key

    item_key      VARCHAR  -  the item's key
    project_code  VARCHAR  -  its project
    limit_by      VARCHAR  -  over-cap or over-contract
*/

-- touched: projects of which an item or the contract is another
SELECT project_code FROM derived.moved.work_item
UNION ALL
SELECT project_key FROM derived.moved.mart_contract;

-- beyond: unbilled work that no longer fits under what was agreed, in the order in which it was done
CREATE OR REPLACE TABLE derived.state.beyond AS
WITH bound AS (
    SELECT project_key, legal_entity, currency, billed_amount, cap, value, least(cap, value) AS bound
    FROM derived.state.mart_contract
    WHERE cap IS NOT NULL OR value > 0
), unbilled AS (
    SELECT
        w.item_key,
        w.project_code,
        w.work_date,
        CASE
            WHEN w.currency = t.currency THEN w.amount
            ELSE CAST(w.amount * coalesce(z.rate, f.rate) / coalesce(tz.rate, tf.rate) AS DECIMAL(18,2))
        END AS amount
    FROM derived.state.work_item w
    JOIN bound t ON t.project_key = w.project_code
    -- By the rates of the work's own day, and only of work in another currency than its contract's.
    LEFT JOIN derived.state.fx_day f
        ON f.currency = CASE WHEN w.currency <> t.currency THEN w.currency END
        AND f.day = derived.state.rate_day(w.work_date)
    LEFT JOIN derived.state.fx_day tf
        ON tf.currency = CASE WHEN w.currency <> t.currency THEN t.currency END
        AND tf.day = derived.state.rate_day(w.work_date)
    LEFT JOIN derived.state.fx_frozen z
        ON z.legal_entity = coalesce(w.legal_entity, t.legal_entity) AND z.currency = w.currency AND z.day = w.work_date
    LEFT JOIN derived.state.fx_frozen tz
        ON tz.legal_entity = coalesce(w.legal_entity, t.legal_entity)
        AND tz.currency = t.currency
        AND tz.day = w.work_date
    WHERE w.billable AND w.amount > 0 AND w.approval = 'approved' AND NOT w.has_line
), full_project AS (
    SELECT u.project_code
    FROM unbilled u
    JOIN bound t ON t.project_key = u.project_code
    GROUP BY u.project_code
    HAVING any_value(t.billed_amount) + sum(u.amount) > any_value(t.bound)
), filled AS (
    SELECT
        u.item_key,
        u.project_code,
        t.billed_amount + sum(u.amount) OVER (
            PARTITION BY u.project_code ORDER BY u.work_date, u.item_key ROWS UNBOUNDED PRECEDING
        ) AS amount,
        t.cap,
        t.value
    FROM unbilled u
    SEMI JOIN full_project USING (project_code)
    JOIN bound t ON t.project_key = u.project_code
)
SELECT item_key, project_code, CASE WHEN amount > cap THEN 'over-cap' ELSE 'over-contract' END AS limit_by
FROM filled
WHERE amount > cap OR amount > value;
