-- seen: which events of a source were admitted before
select event_id from event where source = :source and event_id in json(:ids);

-- facts: what is known of these business facts
select $run from run where business_key in json(:keys) order by seq;

-- open_aggregates: aggregates that have an unsettled run
select distinct aggregate from run
where state in ('ready', 'running', 'waiting', 'in_doubt') and flow = :flow and aggregate in json(:aggregates);

-- wake_with: a waiting run goes on with the newer version of its fact; what an older version was told says nothing of this one
update run set state = 'ready', step = 0, step_name = :step_name, attempt = 0, payload = :payload, acks = null, source_version = :source_version,
  event_type = :event_type, event_source = :event_source, event_id = :event_id, legal_entity = :legal_entity, correction = null, intent = null,
  waiting_for = null, waiting_because = null, waiting_missing = null, waiting_owner = null, waiting_wall = null,
  amount = :amount, currency = :currency, source_changed_at = :source_changed_at, due_at = :now, updated_at = :now
where seq = :seq and state = 'waiting';

-- lanes: every lane that has something to claim, by one index probe each however long the queues are
with recursive found(lane) as (
  select min(lane) from run where state in ('ready', 'in_doubt') and held = 0
  union all
  select (select min(lane) from run where state in ('ready', 'in_doubt') and held = 0 and lane > found.lane) from found where found.lane is not null
)
select lane from found where lane is not null;

-- due: the runs of a lane that may be claimed, oldest first
select seq, claims from run
where state in ('ready', 'in_doubt') and held = 0 and lane = :lane and due_at <= :now and flow not in (select flow from flow_state)
order by due_at, seq limit :limit for update skip locked;

-- claim: lease these runs; each claim has a fencing token of its own
update run set state = 'running', claims = claims + 1, lease_token = lease_token + 1, lease_owner = :owner, lease_until_wall = :until
where seq in json numbers(:seqs) and state in ('ready', 'in_doubt') and held = 0
returning $run;

-- heartbeat: the owner's runs stay its own
update run set lease_until_wall = :until where state = 'running' and lease_owner = :owner;

-- reap: what a lost worker held is due again; where a write was begun, it is in doubt
update run set state = case when intent is null then 'ready' else 'in_doubt' end, due_at = :now, updated_at = :now,
  lease_owner = null, lease_until_wall = null
where state = 'running' and lease_until_wall < :wall;

-- give_back: a worker that stops returns what it did not begin; that was no crash
update run set state = case when intent is null then 'ready' else 'in_doubt' end, claims = 0, due_at = :now, updated_at = :now,
  lease_owner = null, lease_until_wall = null
where state = 'running' and lease_owner = :owner;

-- move: what a worker did to one run, refused when its lease is another's by now
update run set state = :state, step = :step, step_name = :step_name, attempt = :attempt, claims = 0, legal_entity = :legal_entity,
  payload = :payload, acks = :acks, intent = :intent, error_code = :error_code, error_message = :error_message, error_field = :error_field,
  system = :system, waiting_for = :waiting_for, waiting_because = :waiting_because, waiting_missing = :waiting_missing,
  waiting_owner = :waiting_owner, waiting_wall = :waiting_wall, amount = :amount, currency = :currency, due_at = :due_at,
  settled_at = :settled_at, notice = :notice, updated_at = :now, lease_owner = :owner, lease_until_wall = :until
where seq = :seq and lease_token = :lease_token and state = 'running';

-- move_many: the same for a whole group in one round trip (PostgreSQL)
update run set state = u.state, step = u.step, step_name = u.step_name, attempt = u.attempt, claims = 0, legal_entity = u.legal_entity,
  payload = u.payload, acks = u.acks, intent = u.intent, error_code = u.error_code, error_message = u.error_message,
  error_field = u.error_field, system = u.system, waiting_for = u.waiting_for, waiting_because = u.waiting_because,
  waiting_missing = u.waiting_missing, waiting_owner = u.waiting_owner, waiting_wall = u.waiting_wall, amount = u.amount,
  currency = u.currency, due_at = u.due_at, settled_at = u.settled_at, notice = u.notice, updated_at = u.now,
  lease_owner = u.owner, lease_until_wall = u.until
from unnest(
  cast(:state as text[]), cast(:step as int[]), cast(:step_name as text[]), cast(:attempt as int[]), cast(:legal_entity as text[]),
  cast(:payload as text[]), cast(:acks as text[]), cast(:intent as text[]), cast(:error_code as text[]), cast(:error_message as text[]),
  cast(:error_field as text[]), cast(:system as text[]), cast(:waiting_for as text[]), cast(:waiting_because as text[]),
  cast(:waiting_missing as text[]), cast(:waiting_owner as text[]), cast(:waiting_wall as bigint[]), cast(:amount as text[]),
  cast(:currency as text[]), cast(:due_at as bigint[]), cast(:settled_at as bigint[]), cast(:notice as text[]), cast(:now as bigint[]),
  cast(:owner as text[]), cast(:until as bigint[]), cast(:seq as bigint[]), cast(:lease_token as bigint[])
) as u(state, step, step_name, attempt, legal_entity, payload, acks, intent, error_code, error_message, error_field, system, waiting_for,
  waiting_because, waiting_missing, waiting_owner, waiting_wall, amount, currency, due_at, settled_at, notice, now, owner, until, seq, lease_token)
where run.seq = u.seq and run.lease_token = u.lease_token and run.state = 'running'
returning run.seq;

-- held_tokens: whose lease these runs are under
select seq, lease_token from run where seq in json numbers(:seqs) and state = 'running';

-- overtaken: dead runs of facts that settled
select $run from run where state = 'dead' and business_key in json(:keys);

-- supersede: a later attempt took over
update run set state = 'superseded', settled_at = :now, updated_at = :now, notice = null
where seq in json numbers(:seqs) and state in ('ready', 'waiting', 'dead');

-- cancel: a person ended it
update run set state = 'cancelled', settled_at = :now, updated_at = :now, notice = null
where seq in json numbers(:seqs) and state in ('ready', 'waiting', 'dead');

-- release: the next run of these aggregates may go on
update run set held = 0 where seq in (
  select min(next.seq) from run as next
  where next.held = 1 and next.state in ('ready', 'waiting', 'in_doubt') and next.aggregate in json(:aggregates)
    and not exists (
      select 1 from run as open where open.flow = next.flow and open.aggregate = next.aggregate and open.held = 0
        and open.state in ('ready', 'running', 'waiting', 'in_doubt'))
  group by next.flow, next.aggregate);

-- release_all: the next run of every aggregate whose earlier runs are gone
update run set held = 0 where seq in (
  select min(next.seq) from run as next
  where next.held = 1 and next.state in ('ready', 'waiting', 'in_doubt')
    and not exists (
      select 1 from run as open where open.flow = next.flow and open.aggregate = next.aggregate and open.held = 0
        and open.state in ('ready', 'running', 'waiting', 'in_doubt'))
  group by next.flow, next.aggregate);

-- any_held: whether any run is held at all
select 1 from run where held = 1 limit 1;

-- due_count: how many runs somebody should be working on now
select count(*) from run
where state in ('ready', 'in_doubt') and held = 0 and due_at <= :now and flow not in (select flow from flow_state);

-- running_count: how many runs are in a worker's hands
select count(*) from run where state = 'running';

-- any_due: whether there is anything to claim
select 1 from run
where state in ('ready', 'in_doubt') and held = 0 and due_at <= :now and flow not in (select flow from flow_state) limit 1;

-- any_notice: whether a dead run's notice is due
select 1 from run
where notice in ('due', 'sending') and state = 'dead' and (notice_at is null or notice_at <= :now) limit 1;

-- notices_due: how many notices of dead runs are due or being sent
select count(*) from run
where notice in ('due', 'sending') and state = 'dead' and (notice = 'sending' or notice_at is null or notice_at <= :now);

-- next_due: when the next run or notice falls due
select min(due_at) from (
  select min(due_at) as due_at from run where state in ('ready', 'in_doubt') and held = 0
  union all
  select min(notice_at) from run where notice in ('due', 'sending') and state = 'dead') as falls;

-- by_ids: runs by their ids
select $run from run where run_id in json(:ids) order by seq;

-- replays_of: the runs that took over from these: all of superseded ones, and of others what this very request made before
select new.replay_of, new.run_id from run as new join run as old on old.run_id = new.replay_of
where new.replay_of in json(:ids) and (old.state = 'superseded' or new.replay_request = :request_id) order by new.seq;

-- origins: the events that began these runs
select event.source, event.event_id, event.body from event where event.source = :source and event.event_id in json(:ids);

-- notices: dead runs whose notice is due, now in the caller's hands until then
update run set notice = 'sending', notice_at = :until where seq in (
  select seq from run
  where notice in ('due', 'sending') and state = 'dead' and (notice_at is null or notice_at <= :now)
  order by seq limit :limit for update skip locked)
returning $run;

-- notice: how the notice of a dead run stands
update run set notice = :notice, notice_at = :notice_at, notice_tries = :notice_tries
where seq = :seq and notice = 'sending' and state = 'dead';

-- forget: an event that is to be taken as new when it comes again
delete from event where source = :source and event_id = :event_id;

-- ask_again: a dead letter of the intake waits for its row; why the row did not come the last time no longer counts
update run set waiting_for = :row, waiting_because = null, error_message = :message, updated_at = :now where seq = :seq and state = 'dead';

-- asked_again: the dead letters of a stream that wait for their row
select $run from run where state = 'dead' and business_key begins with :stream and flow = 'intake' and waiting_for is not null;

-- missed: why a row that was asked for again did not come
update run set waiting_because = :because, error_message = :message, updated_at = :now where seq = :seq and state = 'dead';

-- rewind: read a stream again from its beginning
update cursor set cursor = null, left_off = coalesce(cursor, left_off) where system = :system and stream = :stream;

-- read_on: a stream that was begun again and could not be read for long goes on from where it stood
update cursor set cursor = left_off, left_off = null
where system = :system and stream = :stream and cursor is null and left_off is not null and polled_at < :stale;
