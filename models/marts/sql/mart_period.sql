/*
Accounting periods of each company as its ERP has them, and since when each is closed. Amounts of a closed period keep
the exchange rates that were known when it was closed; opened again they are computed anew.

grain: system, legal_entity, first

    system        VARCHAR      -    the ERP, as the installation calls it
    legal_entity  VARCHAR      -    which company of the firm
    name          VARCHAR      -    what the ERP calls the period
    first         DATE         day  its first day
    last          DATE         day  its last day
    closed        BOOLEAN      -    nothing more is booked into it
    closed_at     TIMESTAMPTZ  UTC  since when it is closed without a break, as far as known; none while it is open
    observed_at   TIMESTAMPTZ  UTC  when it was seen so
*/

-- mart_period: the latest version of each, and the one since which it is closed
CREATE OR REPLACE TABLE derived.state.mart_period AS
WITH version AS (
    SELECT
        *,
        -- It was open before, or closed on another day: opened between two readings and closed again.
        closed AND NOT coalesce(
            lag(closed) OVER told AND lag(closed_on) OVER told IS NOT DISTINCT FROM closed_on, false
        ) AS closing,
        lag(present) OVER told IS NULL AS first_seen
    FROM derived.state.accounting_period
    WINDOW told AS (PARTITION BY system, system_id ORDER BY observed_at, batch_id, n)
), closing AS (
    SELECT
        system,
        system_id,
        max_by(
            CASE
                -- Closed before anybody looked: by the end of the day that its system names.
                WHEN first_seen THEN least(coalesce(CAST(closed_on + 1 AS TIMESTAMPTZ), changed_at), observed_at)
                ELSE least(changed_at, observed_at)
            END,
            (observed_at, batch_id, n)
        ) AS closed_at
    FROM version
    WHERE closing
    GROUP BY ALL
), latest AS (
    SELECT p.*, CASE WHEN p.closed THEN c.closed_at END AS closed_at
    FROM derived.state.accounting_period p
    LEFT JOIN closing c USING (system, system_id)
    WHERE p.latest AND p.present AND p.first IS NOT NULL AND p.last >= p.first
)
SELECT
    l.system,
    coalesce(l.legal_entity, e.legal_entity) AS legal_entity,
    l.name,
    l.first,
    l.last,
    l.closed,
    l.closed_at,
    l.observed_at
FROM latest l
LEFT JOIN derived.state.erp_of e ON e.system = l.system AND l.legal_entity IS NULL
WHERE coalesce(l.legal_entity, e.legal_entity) IS NOT NULL
-- A company's own period comes before one of all companies.
QUALIFY row_number() OVER (
    PARTITION BY l.system, coalesce(l.legal_entity, e.legal_entity), l.first
    ORDER BY l.legal_entity IS NULL, l.last, l.system_id
) = 1;
