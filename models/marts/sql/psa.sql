/*
The PSAs that have shown work.

grain: system

    system  VARCHAR  -  as the installation calls it
*/

-- psa: of all systems those of that role
CREATE OR REPLACE TABLE derived.state.psa AS
SELECT DISTINCT system FROM derived.state.item_system WHERE role = 'psa';
