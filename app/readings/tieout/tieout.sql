-- totals: control totals of the months, flows, entities and companies asked for
SELECT * FROM mart_totals
WHERE ($period = '' OR period = $period)
    AND (len($flows::VARCHAR[]) = 0 OR list_contains($flows::VARCHAR[], flow))
    AND (len($kinds::VARCHAR[]) = 0 OR list_contains($kinds::VARCHAR[], entity))
    AND (len($firms::VARCHAR[]) = 0 OR list_contains($firms::VARCHAR[], legal_entity))
ORDER BY period DESC NULLS LAST, flow, source, target, entity, legal_entity, currency
