-- own: every source without a rule below shows the rows of the viewer's legal entities; what names none is hidden
SELECT * FROM main.{source} WHERE list_contains($entities::VARCHAR[], legal_entity)

-- belonging: whose a thing is of which systems and flows also tell without naming a legal entity, by its business key
SELECT CASE kind WHEN 'time' THEN 'time_entry' ELSE kind END || ':' || item_key AS business_key, legal_entity
FROM main.mart_work
UNION ALL
SELECT unnest(['project:' || project_key, 'budget:' || project_key]), legal_entity FROM main.mart_project
UNION ALL
SELECT 'resource:' || key, min(legal_entity) FROM main.mart_state_resource
GROUP BY key HAVING min(legal_entity) = max(legal_entity)

-- records: a record that names no legal entity is its thing's (an event of a system that many share, a first step)
SELECT * FROM main.records WHERE list_contains($entities::VARCHAR[], legal_entity)
UNION ALL
SELECT unnamed.* FROM main.records unnamed
SEMI JOIN ({belonging}) thing
    ON thing.business_key = unnamed.business_key AND list_contains($entities::VARCHAR[], thing.legal_entity)
WHERE unnamed.legal_entity IS NULL

-- mart_foreign_run: a run of a flow that others run which names no legal entity is its thing's
SELECT * FROM main.mart_foreign_run WHERE list_contains($entities::VARCHAR[], legal_entity)
UNION ALL
SELECT unnamed.* FROM main.mart_foreign_run unnamed
SEMI JOIN ({belonging}) thing
    ON thing.business_key = unnamed.business_key AND list_contains($entities::VARCHAR[], thing.legal_entity)
WHERE unnamed.legal_entity IS NULL

-- observations: the same; an exchange rate is everybody's
SELECT * FROM main.observations
WHERE list_contains($entities::VARCHAR[], legal_entity) OR (legal_entity IS NULL AND entity = 'exchange_rate')
UNION ALL
SELECT unnamed.* FROM main.observations unnamed
SEMI JOIN ({belonging}) thing
    ON thing.business_key = unnamed.entity || ':' || unnamed.key
    AND list_contains($entities::VARCHAR[], thing.legal_entity)
WHERE unnamed.legal_entity IS NULL

-- mart_kpi: ratios and times of the whole firm are everybody's, its money is nobody's who is limited, divided or not
SELECT * REPLACE (NULL::DECIMAL(28,6) AS numerator, NULL::DECIMAL(28,6) AS denominator)
FROM main.mart_kpi figure WHERE NOT EXISTS (
    SELECT 1 FROM main.mart_fx money WHERE starts_with(figure.unit, money.currency)
)

-- mart_kpi_day: the same, day by day
SELECT * REPLACE (NULL::DECIMAL(28,6) AS numerator, NULL::DECIMAL(28,6) AS denominator)
FROM main.mart_kpi_day figure WHERE NOT EXISTS (
    SELECT 1 FROM main.mart_fx money WHERE starts_with(figure.unit, money.currency)
)

-- findings: a finding is its case's
SELECT * FROM main.findings found WHERE EXISTS (
    SELECT 1 FROM main.cases owning
    WHERE owning.case_id = found.case_id AND list_contains($entities::VARCHAR[], owning.legal_entity)
)

-- spans: a span names no legal entity, its trace's records do: shown where they name the viewer's and nobody else's
SELECT * FROM main.spans span WHERE EXISTS (
    SELECT 1 FROM ({owned}) known WHERE known.trace_id = span.trace_id
    HAVING bool_and(list_contains($entities::VARCHAR[], known.legal_entity))
)

-- logs: a log line is its trace's, as a span is
SELECT * FROM main.logs line WHERE EXISTS (
    SELECT 1 FROM ({owned}) known WHERE known.trace_id = line.trace_id
    HAVING bool_and(list_contains($entities::VARCHAR[], known.legal_entity))
)

-- owned: of each record of which it is known, whose it is
SELECT trace_id, legal_entity FROM main.records WHERE legal_entity IS NOT NULL
UNION ALL
SELECT trace_id, legal_entity FROM main.mart_foreign_run WHERE legal_entity IS NOT NULL
UNION ALL
SELECT unnamed.trace_id, thing.legal_entity FROM main.records unnamed
JOIN ({belonging}) thing ON thing.business_key = unnamed.business_key AND thing.legal_entity IS NOT NULL
WHERE unnamed.legal_entity IS NULL
