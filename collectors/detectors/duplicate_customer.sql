-- twins: active customers of one system that share a tax id, or a name and country with no tax ids that part them
WITH spelt AS (
    SELECT
        *,
        nullif(regexp_replace(upper(tax_id), '[^A-Z0-9]', '', 'g'), '') AS tax,
        regexp_replace(
            replace(replace(strip_accents(lower(name)), 'ß', 'ss'), '.', ''), '[^a-z0-9]+', ' ', 'g'
        ) AS words,
        count(*) OVER (PARTITION BY system, key) > 1 AS shares_key
    FROM mart_state_customer
    WHERE active
), c AS (
    SELECT
        *,
        nullif(trim(regexp_replace(words,
            '\b(ag|bv|co|company|corp|corporation|gmbh|inc|incorporated|kg|limited|llc|llp|ltd|mbh|nv|oy|plc|sa|sarl'
            '|sas|se|spa|srl|ug|und|and)\b|\s+', ' ', 'g')), '') AS plain
    FROM spelt
), same AS (
    SELECT *, 'tax id ' || tax AS because, min(key) OVER w AS first, count(*) OVER w > 1 AS twice
    FROM c
    WHERE tax IS NOT NULL
    WINDOW w AS (PARTITION BY system, tax)
    UNION ALL
    SELECT *, 'name and country', min(key) OVER v, count(*) OVER v > count(DISTINCT tax) OVER v AND count(*) OVER v > 1
    FROM c
    WHERE plain IS NOT NULL AND country IS NOT NULL
    WINDOW v AS (PARTITION BY system, regexp_replace(plain, '\s+', ' ', 'g'), country)
)
SELECT
    system,
    first,
    CASE WHEN shares_key THEN system_id ELSE key END AS key,
    any_value(name) AS name,
    any_value(legal_entity) AS legal_entity,
    min(observed_at) AS since,
    string_agg(DISTINCT because, ', ') AS because
FROM same
WHERE twice
GROUP BY system, first, CASE WHEN shares_key THEN system_id ELSE key END;

-- clash: active customers of one system that have one number and are, by tax id or name, several companies
WITH numbered AS (
    SELECT
        *,
        upper(trim(number)) AS said,
        nullif(regexp_replace(upper(tax_id), '[^A-Z0-9]', '', 'g'), '') AS tax,
        lower(strip_accents(name)) || '|' || coalesce(country, '') AS plain
    FROM mart_state_customer
    WHERE active AND role = 'crm' AND regexp_matches(number, '[0-9]')
)
SELECT system, said, system_id, key, name, number, legal_entity, observed_at AS since
FROM numbered
WINDOW w AS (PARTITION BY system, said)
QUALIFY count(*) OVER w > 1
    AND (count(DISTINCT tax) OVER w > 1 OR (count(tax) OVER w < count(*) OVER w AND count(DISTINCT plain) OVER w > 1));

-- hierarchy: customers whose parent differs between CRM and ERP
SELECT
    c.key,
    c.name,
    c.legal_entity,
    c.parent_key AS crm_parent,
    e.parent_key AS erp_parent,
    e.system,
    greatest(c.observed_at, e.observed_at) AS since
FROM mart_state_customer c
JOIN mart_state_customer e ON e.key = c.key AND e.role = 'erp'
WHERE c.role = 'crm'
    AND c.active
    AND c.parent_key IS NOT NULL
    AND e.parent_key IS NOT NULL
    AND c.parent_key <> e.parent_key
-- Two accounts that are known to be one customer have one key.
QUALIFY row_number() OVER (PARTITION BY c.key ORDER BY c.observed_at, c.system_id, e.system) = 1;
