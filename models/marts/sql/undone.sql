/*
What reversals say, by the posting they name and where they stand: less than nothing, and of a negative posting more;
few beside the postings.

grain: system, kind, key, project_code, work_date

    system        VARCHAR        -         the ERP
    kind          VARCHAR        -         time or expense
    key           VARCHAR        -         of the posting
    project_code  VARCHAR        -         the project they are booked on
    work_date     DATE           day       and their day
    hours         DECIMAL(18,6)  h         of time only
    amount        DECIMAL(18,6)  currency  of expenses only
    money         DECIMAL(18,2)  currency  what the customer pays less, or more
    standing      BOOLEAN        -         the posting is there, on that project and day
*/

-- undone: summed by posting, each with whether there is one
CREATE OR REPLACE TABLE derived.state.undone AS
WITH taken AS (
    SELECT
        system,
        kind,
        regexp_replace(key, '-R$', '') AS key,
        project_code,
        work_date,
        CAST(sum(hours) AS DECIMAL(18,6)) AS hours,
        CAST(sum(amount) AS DECIMAL(18,6)) AS amount,
        CAST(sum(CAST(CASE
            WHEN NOT billable THEN 0
            WHEN kind = 'time' THEN coalesce(derived.state.cents(hours * bill_rate), 0)
            ELSE coalesce(amount, 0)
        END AS DECIMAL(18,2))) AS DECIMAL(18,2)) AS money
    FROM derived.state.item
    WHERE role = 'erp' AND reversal
    GROUP BY ALL
), there AS (
    SELECT DISTINCT i.system, i.kind, i.key, i.project_code, i.work_date
    FROM derived.state.item i
    SEMI JOIN taken t ON t.system = i.system AND t.kind = i.kind AND t.key = i.key
    WHERE i.role = 'erp' AND NOT i.reversal
)
SELECT t.*, p.key IS NOT NULL AS standing
FROM taken t
LEFT JOIN there p
    ON p.system = t.system AND p.kind = t.kind AND p.key = t.key
    AND p.project_code IS NOT DISTINCT FROM t.project_code AND p.work_date IS NOT DISTINCT FROM t.work_date;
