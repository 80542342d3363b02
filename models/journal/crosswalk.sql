-- link: a system's id stands for a canonical id
insert into crosswalk (system, entity, system_id, canonical_id, linked_at)
values (:system, :entity, :system_id, :canonical_id, :linked_at)
on conflict (system, entity, system_id) do update
  set canonical_id = excluded.canonical_id, linked_at = excluded.linked_at;

-- canonical_ids: what a system's ids stand for
select system_id, canonical_id from crosswalk where system = :system and entity = :entity and system_id in json(:ids);

-- named: what all the ids of a system stand for
select system_id, canonical_id from crosswalk where system = :system and entity = :entity;

-- system_ids: a system's ids of canonical objects, the latest link last
select canonical_id, system_id from crosswalk where entity = :entity and system = :system and canonical_id in json(:ids)
order by canonical_id, linked_at, system_id;
