/*
The open case of each thing; one about a cause before one of the tie-out.

grain: subject_key

    subject_key  VARCHAR  -  the item, project or other thing it is about
    case_id      VARCHAR  -  the case
    other_case   BOOLEAN  -  that case is about its cause, not about the tie-out
*/

-- case_of: the open case of each thing; one about a cause before one of the tie-out
CREATE OR REPLACE TABLE derived.state.case_of AS
WITH held AS (
    SELECT f.subject_key, f.detector <> 'tie_out' AS other_case, c.case_id, c.cause
    FROM findings f
    JOIN cases c ON c.case_id = f.case_id
    -- A case that says "nobody knows" explains nothing.
    WHERE f.resolved_at IS NULL AND c.status <> 'resolved' AND c.cause <> 'unexplained'
)
SELECT subject_key, arg_min(case_id, (NOT other_case, case_id)) AS case_id, bool_or(other_case) AS other_case
FROM (
    FROM held
    UNION ALL
    -- A sale that got another code is one thing under both: its order and its budget carry the first.
    SELECT p.renamed_to, h.other_case, h.case_id, h.cause
    FROM held h
    JOIN derived.state.mart_project p ON p.project_key = h.subject_key
    WHERE p.renamed_to IS NOT NULL AND h.cause = 'project-recoded'
)
GROUP BY subject_key;
