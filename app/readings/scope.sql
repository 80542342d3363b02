-- own: every source without a rule below shows the rows of the viewer's legal entities; what names none is hidden
SELECT * FROM main.{source} WHERE list_contains($entities::VARCHAR[], legal_entity)

-- records: a record that names no legal entity (a poll, a refused input) is everybody's
SELECT * FROM main.records WHERE legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity)

-- observations: what a system holds that names no legal entity (an activity, a role) is everybody's
SELECT * FROM main.observations WHERE legal_entity IS NULL OR list_contains($entities::VARCHAR[], legal_entity)

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

-- spans: a span names no legal entity, its trace's records do: hidden where they name some and none of the viewer's
SELECT * FROM main.spans span WHERE NOT EXISTS (
    SELECT 1 FROM main.records known WHERE known.trace_id = span.trace_id
    HAVING count(known.legal_entity) > 0 AND NOT bool_or(list_contains($entities::VARCHAR[], known.legal_entity))
)

-- logs: a log line is its trace's, as a span is
SELECT * FROM main.logs line WHERE NOT EXISTS (
    SELECT 1 FROM main.records known WHERE known.trace_id = line.trace_id
    HAVING count(known.legal_entity) > 0 AND NOT bool_or(list_contains($entities::VARCHAR[], known.legal_entity))
)
