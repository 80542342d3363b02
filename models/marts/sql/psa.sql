/*
The PSAs that have shown work.

grain: system

    system  VARCHAR  -  as the installation calls it
*/

-- psa: of all systems those of that role, also once the last of their work was deleted
CREATE OR REPLACE TABLE derived.state.psa AS
SELECT DISTINCT system FROM derived.state.seen_at WHERE role = 'psa' AND entity IN ('time_entry', 'expense');
