-- namesakes: people who have one number, and whose names have no word in common
WITH named AS (
    SELECT
        system,
        system_id,
        key,
        name,
        role,
        legal_entity,
        list_filter(
            string_split(regexp_replace(lower(strip_accents(name)), '[[:punct:][:space:]]+', ' ', 'g'), ' '),
            lambda word: length(word) > 1
        ) AS words
    FROM mart_state_resource
    WHERE active AND name IS NOT NULL
), twin AS (
    SELECT DISTINCT a.key
    FROM named a
    JOIN named b ON b.key = a.key
    WHERE (a.system, a.system_id) < (b.system, b.system_id)
        AND len(a.words) > 0
        AND len(b.words) > 0
        AND NOT list_has_any(a.words, b.words)
), posted AS (  -- what takes back is taken off
    SELECT
        resource_key AS key,
        cost_currency AS currency,
        sum(cost_amount) AS amount,
        CASE WHEN count(*) = count(cost_reporting) THEN sum(cost_reporting) END AS reporting
    FROM mart_work
    WHERE posted_at IS NOT NULL
    GROUP BY ALL
    HAVING sum(cost_amount) > 0
), money AS (
    SELECT *, row_number() OVER (PARTITION BY key ORDER BY amount DESC, currency) AS place FROM posted
), people AS (
    SELECT n.*, row_number() OVER (PARTITION BY n.key ORDER BY n.role = 'erp' DESC, n.system, n.system_id) AS place
    FROM named n
    SEMI JOIN twin t ON t.key = n.key
)
-- Nobody knows whose it is: it stands beside one of them, the first in the ERP, and each currency in a row of its own.
SELECT
    p.* EXCLUDE (words, place),
    p.system || ':' || p.system_id || CASE WHEN m.place > 1 THEN ':' || m.currency ELSE '' END AS subject,
    m.amount,
    m.currency,
    m.reporting
FROM people p
LEFT JOIN money m ON m.key = p.key AND p.place = 1;
