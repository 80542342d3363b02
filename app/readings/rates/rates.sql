-- rates: exchange rates behind the reporting currency
SELECT currency, rate, as_of, through, stale FROM mart_fx ORDER BY currency

-- targets: figures of the firm, and what they should be
SELECT name, value, unit, target, n FROM mart_kpi ORDER BY name

-- figures: figures of the firm with what open cases leave of them
SELECT name, value, adjusted, low, high, unit, target, n, numerator, denominator, as_of, definition, note
FROM mart_kpi
ORDER BY name

-- days: the figures day by day
SELECT day, name, value FROM mart_kpi_day WHERE day >= $since::DATE ORDER BY name, day
