/*
What was agreed to be billed by milestone, as the best source has it: the ERP's contract, the CRM's, then the sale.

grain: project_code, milestone_id

    project_code  VARCHAR        -         the project it is a part of
    milestone_id  VARCHAR        -         its id within the project
    item_key      VARCHAR        -         MS-<project>-<milestone>, as a piece of work
    legal_entity  VARCHAR        -         which company of the firm bills it
    in_erp        BOOLEAN        -         the ERP has it: what it says of done and accepted holds
    name          VARCHAR        -         what it is called
    amount        DECIMAL(18,2)  currency  what it is billed at
    currency      VARCHAR        ISO 4217  of amount
    due           DATE           day       when it should be done
    completed_at  TIMESTAMPTZ    UTC       when it was done, if it is
    completed_on  DATE           day       which day that was where its legal entity is
    accepted      BOOLEAN        -         the customer has accepted it
    flagged       BOOLEAN        -         its source says that it is on an invoice
*/

-- milestone: each from the best source that lists it
CREATE OR REPLACE TABLE derived.state.milestone AS
WITH listed AS (
    SELECT project_code, legal_entity, milestones, CASE role WHEN 'erp' THEN 1 ELSE 2 END AS rank
    FROM derived.state.contract
    WHERE milestones IS NOT NULL
    UNION ALL
    SELECT key, legal_entity, milestones, 3
    FROM derived.state.project
    WHERE role = 'crm' AND milestones IS NOT NULL
    UNION ALL
    SELECT project_code, legal_entity, milestones, 4
    FROM derived.state.sale
), each AS (
    SELECT project_code, legal_entity, rank, unnest(from_json(milestones, '[{
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
)
SELECT
    project_code,
    m.milestone_id AS milestone_id,
    'MS-' || project_code || '-' || m.milestone_id AS item_key,
    each.legal_entity,
    rank = 1 AS in_erp,
    m.name AS name,
    TRY_CAST(coalesce(c.value, m.amount.amount) AS DECIMAL(18,2)) AS amount,
    m.amount.currency AS currency,
    TRY_CAST(m.due AS DATE) AS due,
    TRY_CAST(m.completed_at AS TIMESTAMPTZ) AS completed_at,
    CASE
        -- A day without a time is that day everywhere.
        WHEN length(m.completed_at) <= 10 THEN TRY_CAST(m.completed_at AS DATE)
        ELSE CAST(TRY_CAST(m.completed_at AS TIMESTAMPTZ) AT TIME ZONE coalesce(z.zone, 'UTC') AS DATE)
    END AS completed_on,
    coalesce(m.accepted, false) AS accepted,
    coalesce(m.invoiced, false) OR coalesce(m.billed, false) AS flagged
FROM each
LEFT JOIN derived.state.legal_entity z ON z.legal_entity = each.legal_entity
LEFT JOIN derived.state.cleared c ON c.sealed = m.amount.amount
WHERE m.milestone_id IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY project_code, m.milestone_id ORDER BY rank) = 1;
