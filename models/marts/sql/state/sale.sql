/*
Milestones and statement of work as the CRM sold them, by the events it sent. Of two sales with one project code the one
that still stands is the project's; of two that stand, or of which neither does, the one that was called so first.

grain: project_code

    project_code    VARCHAR  -          the project that was sold
    milestones      VARCHAR  JSON list  what is billed by milestone
    legal_entity    VARCHAR  -          which company of the firm sold it
    sow_number      VARCHAR  -          the statement of work
    sow_expires_on  DATE     day        the last day that it covers
*/

-- heard: each sale by its own id, and under which code
CREATE TABLE IF NOT EXISTS derived.state.heard_sale (
    system VARCHAR,
    system_id VARCHAR,
    project_code VARCHAR,
    milestones VARCHAR,
    legal_entity VARCHAR,
    sow_number VARCHAR,
    sow_expires_on DATE
);

-- since: when each sale was called so first, under every code that it had
CREATE TABLE IF NOT EXISTS derived.state.heard_code (
    system VARCHAR,
    system_id VARCHAR,
    project_code VARCHAR,
    first_at TIMESTAMPTZ
);

-- words: what was said of sales in the records that came since
CREATE OR REPLACE TABLE derived.state.saleword AS
SELECT
    coalesce(body->>'$.data.ref.system', '') AS system,
    coalesce(body->>'$.data.ref.id', body->>'$.data.project_code') AS system_id,
    body->>'$.data.project_code' AS project_code,
    CAST((body->'$.data.milestones') AS VARCHAR) AS milestones,
    legal_entity,
    body->>'$.data.statement_of_work.number' AS sow_number,
    TRY_CAST((body->>'$.data.statement_of_work.expires_on') AS DATE) AS sow_expires_on,
    occurred_at,
    batch_id,
    n
FROM records
WHERE batch_id > {mark}
    AND kind = 'source_event'
    AND business_key LIKE 'project:%'
    AND (body->>'$.data.project_code') IS NOT NULL
    AND (body->'$.data.milestones') IS NOT NULL;

-- called: a first moment only ever comes earlier
CREATE OR REPLACE TABLE derived.state.heard_code AS
SELECT system, system_id, project_code, min(first_at) AS first_at
FROM (
    SELECT * FROM derived.state.heard_code
    UNION ALL
    SELECT system, system_id, project_code, occurred_at FROM derived.state.saleword
)
GROUP BY ALL;

-- fresh: the latest word of each sale among them
CREATE OR REPLACE TABLE derived.state.newsale AS
SELECT
    w.system,
    w.system_id,
    w.project_code,
    w.milestones,
    w.legal_entity,
    w.sow_number,
    w.sow_expires_on,
    h.project_code AS code_before
FROM derived.state.saleword w
LEFT JOIN derived.state.heard_sale h ON h.system = w.system AND h.system_id = w.system_id
QUALIFY row_number() OVER (
    PARTITION BY w.system, w.system_id ORDER BY w.occurred_at DESC, w.batch_id DESC, w.n DESC
) = 1;

-- unhear: forget their older words
DELETE FROM derived.state.heard_sale h
USING derived.state.newsale f
WHERE h.system = f.system AND h.system_id = f.system_id;

-- hear: and keep the new ones
INSERT INTO derived.state.heard_sale SELECT * EXCLUDE (code_before) FROM derived.state.newsale;

-- told: the codes of which another sale may speak: theirs, those that they have left, and those of sales won or lost
CREATE OR REPLACE TABLE derived.state.newcode AS
SELECT project_code FROM derived.state.newsale
UNION
SELECT code_before FROM derived.state.newsale
UNION
SELECT h.project_code
FROM derived.state.heard_sale h
SEMI JOIN (SELECT system, system_id FROM derived.state.fresh WHERE entity = 'project') f USING (system, system_id);

-- forget: what was sold under them
DELETE FROM derived.state.sale USING derived.state.newcode f WHERE sale.project_code = f.project_code;

-- put: and say it anew; of a sale that the CRM has never shown nobody can tell that it was lost
INSERT INTO derived.state.sale
SELECT h.project_code, h.milestones, h.legal_entity, h.sow_number, h.sow_expires_on
FROM derived.state.heard_sale h
JOIN derived.state.heard_code c USING (system, system_id, project_code)
SEMI JOIN derived.state.newcode f ON f.project_code = h.project_code
LEFT JOIN derived.state.sale_place s
    ON s.entity = 'project' AND s.system = h.system AND s.system_id = h.system_id
LEFT JOIN derived.state.project p ON p.system = h.system AND p.system_id = h.system_id
QUALIFY row_number() OVER (
    PARTITION BY h.project_code
    ORDER BY s.system_id IS NOT NULL AND p.system_id IS NULL, c.first_at, h.system, h.system_id
) = 1;
