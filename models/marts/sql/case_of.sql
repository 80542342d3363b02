/*
The open case of each thing; one about a cause before one of the tie-out.

grain: subject_key

    subject_key  VARCHAR  -  the item, project or other thing it is about
    case_id      VARCHAR  -  the case
    other_case   BOOLEAN  -  that case is about its cause, not about the tie-out
*/

-- case_of: the open case of each thing; one about a cause before one of the tie-out
CREATE OR REPLACE TABLE derived.state.case_of AS
SELECT
    f.subject_key,
    arg_min(c.case_id, CASE f.detector WHEN 'tie_out' THEN 1 ELSE 0 END) AS case_id,
    bool_or(f.detector <> 'tie_out') AS other_case
FROM findings f
JOIN cases c ON c.case_id = f.case_id
-- A case that says "nobody knows" explains nothing.
WHERE f.resolved_at IS NULL AND c.status <> 'resolved' AND c.cause <> 'unexplained'
GROUP BY f.subject_key;
