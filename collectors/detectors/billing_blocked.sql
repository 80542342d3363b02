-- held: posted work and done milestones of contracts on billing hold
SELECT w.*, p.name AS project_name
FROM mart_work w LEFT JOIN mart_project p USING (project_key)
WHERE w.blocker = 'billing-hold';

-- expired: posted work of days after the statement of work ended
SELECT w.*, p.name AS project_name, p.sow_number, p.sow_expires_on
FROM mart_work w JOIN mart_project p USING (project_key)
WHERE w.blocker = 'sow-expired';
