-- twins: active customers of one system that share a tax id, or a name and country
WITH c AS (
    SELECT
        *,
        nullif(regexp_replace(upper(tax_id), '[^A-Z0-9]', '', 'g'), '') AS tax,
        nullif(
            trim(
                regexp_replace(
                    regexp_replace(lower(name), '[^a-z0-9 ]', ' ', 'g'),
                    '\b(gmbh|ltd|limited|inc|llc|plc|ag|sa|bv|corp|co|kg)\b|\s+',
                    ' ',
                    'g'
                )
            ),
            ''
        ) AS plain
    FROM mart_state_customer
    WHERE active
), same AS (
    SELECT
        system,
        'tax id ' || tax AS because,
        key,
        name,
        system_id,
        legal_entity,
        observed_at,
        min(key) OVER w AS first,
        count(DISTINCT key) OVER w AS n
    FROM c
    WHERE tax IS NOT NULL
    WINDOW w AS (PARTITION BY system, tax)
    UNION ALL
    SELECT
        system,
        'name and country',
        key,
        name,
        system_id,
        legal_entity,
        observed_at,
        min(key) OVER v,
        count(DISTINCT key) OVER v
    FROM c
    WHERE plain IS NOT NULL AND country IS NOT NULL
    WINDOW v AS (PARTITION BY system, regexp_replace(plain, '\s+', ' ', 'g'), country)
)
SELECT
    system,
    first,
    key,
    any_value(name) AS name,
    any_value(legal_entity) AS legal_entity,
    min(observed_at) AS since,
    string_agg(DISTINCT because, ', ') AS because
FROM same
WHERE n > 1
GROUP BY system, first, key;

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
    AND c.parent_key <> e.parent_key;
