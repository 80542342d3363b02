-- learn: keep what is known of an object, as last learnt
insert into registry (entity, canonical_id, body, digest, changed_at)
values (:entity, :canonical_id, :body, :digest, :changed_at)
on conflict (entity, canonical_id) do update
  set body = excluded.body, digest = excluded.digest, changed_at = excluded.changed_at;

-- identify: an identity key leads to an object
insert into match_key (entity, identity, canonical_id)
values (:entity, :identity, :canonical_id) on conflict do nothing;

-- digests: what is known already, to see what changes
select canonical_id, digest from registry where entity = :entity and canonical_id in json(:ids);

-- known: objects by canonical id
select canonical_id, body from registry where entity = :entity and canonical_id in json(:ids);

-- matches: objects by identity key
select identity, canonical_id from match_key where entity = :entity and identity in json(:keys)
order by identity, canonical_id;
