-- rejected: entries that a person or a system sent back and nobody has corrected since
SELECT * FROM mart_work WHERE blocker = 'rejected' AND code_fault IS NULL;

-- stuck: submitted and not approved for three days
SELECT *
FROM mart_work
WHERE blocker = 'approval-pending'
    AND code_fault IS NULL
    AND coalesce(submitted_at, CAST(work_date AS TIMESTAMPTZ)) < {now} - INTERVAL 3 DAY;

-- unsubmitted: worked ten days ago and never submitted
SELECT *
FROM mart_work
WHERE blocker = 'not-submitted'
    AND code_fault IS NULL
    AND CAST(work_date AS TIMESTAMPTZ) < {now} - INTERVAL 10 DAY;
