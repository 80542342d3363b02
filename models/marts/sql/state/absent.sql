/*
Objects that a system had and has no more.

grain: system, entity, system_id

    system       VARCHAR      -    as the installation calls it
    role         VARCHAR      -    crm, erp, psa, ppm or hcm
    entity       VARCHAR      -    what it was
    system_id    VARCHAR      -    the system's own id
    key          VARCHAR      -    what it was called
    observed_at  TIMESTAMPTZ  UTC  when the system was first read without it
*/

-- forget: what was seen again, or gone once more
DELETE FROM derived.state.absent t
USING derived.state.fresh f
WHERE t.system = f.system AND t.entity = f.entity AND t.system_id = f.system_id;

-- put: keep what is gone
INSERT INTO derived.state.absent
SELECT system, role, entity, system_id, key, observed_at
FROM derived.state.fresh
WHERE entity IN ('time_entry', 'expense', 'contract', 'budget', 'project') AND NOT present;
