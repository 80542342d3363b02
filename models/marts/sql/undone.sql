/*
What stands of the ERP's postings where reversals say something of them, and of those reversals; few beside all others,
which stand as they are. See "What stands" in the README of the marts.

grain: system, kind, system_id

    system     VARCHAR        -         the ERP
    kind       VARCHAR        -         time or expense
    system_id  VARCHAR        -         the ERP's own id of the posting, or of the reversal
    item_key   VARCHAR        -         the item that it is of
    hours      DECIMAL(18,6)  h         what is left of it; of time only
    amount     DECIMAL(18,6)  currency  what is left of it; of expenses only
    money      DECIMAL(18,2)  currency  what the customer pays for what is left
    stands     BOOLEAN        -         something is left of it
*/

-- undone: each posting that a reversal names, less its reversals; and each reversal, which stands where no posting does
CREATE OR REPLACE TABLE derived.state.undone AS
WITH reversal AS (
    SELECT
        system,
        kind,
        regexp_replace(key, '-R$', '') AS key,
        project_code,
        work_date,
        system_id,
        item_key,
        hours,
        amount,
        derived.state.charged(kind, billable, hours, bill_rate, amount) AS money
    FROM derived.state.item
    WHERE role = 'erp' AND reversal
), taken AS (
    SELECT
        system,
        kind,
        key,
        project_code,
        work_date,
        sum(hours) AS hours,
        sum(amount) AS amount,
        sum(money) AS money
    FROM reversal
    GROUP BY ALL
), named AS (
    SELECT
        i.system,
        i.kind,
        i.key,
        i.project_code,
        i.work_date,
        i.system_id,
        i.item_key,
        CAST(i.hours + coalesce(t.hours, 0) AS DECIMAL(18,6)) AS hours,
        CAST(i.amount + coalesce(t.amount, 0) AS DECIMAL(18,6)) AS amount,
        CAST(
            derived.state.charged(i.kind, i.billable, i.hours, i.bill_rate, i.amount) + t.money AS DECIMAL(18,2)
        ) AS money
    FROM derived.state.item i
    JOIN taken t
        ON t.system = i.system AND t.kind = i.kind AND t.key = i.key
        AND t.project_code IS NOT DISTINCT FROM i.project_code AND t.work_date IS NOT DISTINCT FROM i.work_date
    WHERE i.role = 'erp' AND NOT i.reversal
)
SELECT
    system,
    kind,
    system_id,
    item_key,
    hours,
    amount,
    money,
    coalesce(hours, amount, 0) <> 0 OR money <> 0 AS stands
FROM named
UNION ALL BY NAME
SELECT
    r.system,
    r.kind,
    r.system_id,
    r.item_key,
    CAST(r.hours AS DECIMAL(18,6)) AS hours,
    CAST(r.amount AS DECIMAL(18,6)) AS amount,
    r.money,
    n.key IS NULL AS stands
FROM reversal r
LEFT JOIN (SELECT DISTINCT system, kind, key, project_code, work_date FROM named) n
    ON n.system = r.system AND n.kind = r.kind AND n.key = r.key
    AND n.project_code IS NOT DISTINCT FROM r.project_code AND n.work_date IS NOT DISTINCT FROM r.work_date;
