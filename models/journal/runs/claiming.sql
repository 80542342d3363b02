-- lanes: every lane that has something to claim, by one index probe each however long the queues are
with recursive found(lane) as (
  select min(lane) from run where state in ('ready', 'in_doubt') and held = 0
  union all
  select (select min(lane) from run where state in ('ready', 'in_doubt') and held = 0 and lane > found.lane)
  from found where found.lane is not null
)
select lane from found where lane is not null;

-- due: the runs of a lane that may be claimed, oldest first
select seq, claims from run
where state in ('ready', 'in_doubt') and held = 0 and lane = :lane and due_at <= :now
  and flow not in (select flow from flow_state)
order by due_at, seq limit :limit for update skip locked;

-- claim: lease these runs; each claim has a fencing token of its own
update run set state = 'running', claims = claims + 1, lease_token = lease_token + 1,
  lease_owner = :owner, lease_until_wall = :until
where seq in json numbers(:seqs) and state in ('ready', 'in_doubt') and held = 0
returning $run;

-- heartbeat: the owner's runs stay its own
update run set lease_until_wall = :until where state = 'running' and lease_owner = :owner;

-- reap: what a lost worker held is due again; where a write was begun, it is in doubt
update run set state = case when intent is null then 'ready' else 'in_doubt' end, due_at = :now, updated_at = :now,
  lease_owner = null, lease_until_wall = null
where state = 'running' and lease_until_wall < :wall
returning run_id, correlation_id;

-- forfeit: a worker is no more, so its leases end now, those of all its pages
update run set lease_until_wall = 0
where state = 'running' and lease_owner begins with :holder;

-- give_back: a worker that stops returns what it did not begin; that was no crash
update run set state = case when intent is null then 'ready' else 'in_doubt' end, claims = 0,
  due_at = :now, updated_at = :now, lease_owner = null, lease_until_wall = null
where state = 'running' and lease_owner = :owner;
