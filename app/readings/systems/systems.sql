-- roles: which role each system plays
SELECT system, role FROM mart_state_system ORDER BY system
