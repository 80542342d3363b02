-- rates: exchange rates behind the reporting currency
SELECT currency, rate, as_of, through, stale FROM mart_fx ORDER BY currency

-- targets: figures of the firm, and what they should be
SELECT name, value, unit, target, n FROM mart_kpi ORDER BY name
