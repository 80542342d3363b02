/*
Milestones and statement of work as the CRM sold them, by the events it sent.

grain: project_code

    project_code    VARCHAR  -          the project that was sold
    milestones      VARCHAR  JSON list  what is billed by milestone
    legal_entity    VARCHAR  -          which company of the firm sold it
    sow_number      VARCHAR  -          the statement of work
    sow_expires_on  DATE     day        the last day that it covers
*/

-- fresh: the latest sale of each project among the records that came since
CREATE OR REPLACE TABLE memory.state.newsale AS
SELECT
    (body->>'$.data.project_code') AS project_code,
    CAST((body->'$.data.milestones') AS VARCHAR) AS milestones,
    legal_entity,
    body->>'$.data.statement_of_work.number' AS sow_number,
    TRY_CAST((body->>'$.data.statement_of_work.expires_on') AS DATE) AS sow_expires_on
FROM records
WHERE batch_id > {mark}
    AND kind = 'source_event'
    AND business_key LIKE 'project:%'
    AND (body->>'$.data.project_code') IS NOT NULL
    AND (body->'$.data.milestones') IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY (body->>'$.data.project_code') ORDER BY occurred_at DESC, batch_id DESC, n DESC
) = 1;

-- forget: the older sales
DELETE FROM memory.state.sale USING memory.state.newsale f WHERE sale.project_code = f.project_code;

-- put: and keep the new ones
INSERT INTO memory.state.sale SELECT * FROM memory.state.newsale;
