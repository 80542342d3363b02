/*
How long each flow may take.

grain: flow

    flow     VARCHAR       -  which flow
    seconds  DECIMAL(9,1)  s  from the change to its answer
*/

-- service_level: how long each flow may take; work that is ready is billed within a month and a half
CREATE OR REPLACE TABLE derived.state.service_level AS
SELECT flow, seconds FROM {service_levels}
UNION ALL
SELECT 'billing', 45 * 86400.0;
