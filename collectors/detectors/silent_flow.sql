-- silent: flows of which nothing came while their own past says that something would have
-- Of a flow that is silent as a whole no company is told beside it; one whose oldest run does not end is late, which is
-- another case, and one that the catalogue lets rest is to be silent. While a world's history is played, its days pass
-- between two looks: nothing is told then.
SELECT v.*, o.owner, o.runbook
FROM mart_volume v
LEFT JOIN mart_foreign_flow o ON o.flow = v.flow AND o.system = v.system AND o.instance = v.instance
ANTI JOIN service_levels r ON r.flow = concat('rests ', v.flow)
WHERE v.state = 'silent'
    AND (
        v.whole
        OR (v.flow, v.system, v.instance) NOT IN (
            SELECT (flow, system, instance) FROM mart_volume WHERE whole AND state = 'silent'
        )
    )
    AND NOT (
        coalesce(o.running, 0) > 0
        AND coalesce((epoch_us({wall}) - epoch_us(o.running_since)) / 1000000.0 > o.allowed_s, false)
    )
    AND abs(epoch_us({wall}) - epoch_us({now})) < 3600000000;

-- few: flows of which far too little came in a day; one company is told only where the whole does not tell it
SELECT v.*, o.owner, o.runbook
FROM mart_volume v
LEFT JOIN mart_foreign_flow o ON o.flow = v.flow AND o.system = v.system AND o.instance = v.instance
ANTI JOIN service_levels r ON r.flow = concat('rests ', v.flow)
WHERE v.state = 'few'
    AND (
        v.whole
        OR (v.flow, v.system, v.instance) NOT IN (
            SELECT (flow, system, instance) FROM mart_volume WHERE whole AND state IN ('silent', 'few')
        )
    )
    AND abs(epoch_us({wall}) - epoch_us({now})) < 3600000000;
