/*
Which systems have shown work, and how much.

grain: system, role, kind
added: item
counted: items

    system  VARCHAR  -      as the installation calls it
    role    VARCHAR  -      crm, erp, psa, ppm or hcm
    kind    VARCHAR  -      time or expense
    items   BIGINT   items  that it shows now
*/

-- item_system: counted from the items
CREATE OR REPLACE TABLE derived.state.item_system AS
SELECT system, role, kind, count(*) AS items
FROM derived.state.item
GROUP BY ALL;
