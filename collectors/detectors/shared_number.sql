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
), posted AS (
    SELECT resource_key AS key, cost_currency AS currency, sum(cost_amount) AS amount
    FROM mart_work
    WHERE posted_at IS NOT NULL AND cost_amount > 0
    GROUP BY ALL
)
SELECT n.* EXCLUDE (words), p.amount, p.currency
FROM named n
JOIN twin t ON t.key = n.key
LEFT JOIN posted p ON p.key = n.key AND n.role = 'erp';
