-- runs: the next runs in order of admission, and which of them ended long ago
select seq, pruned_at is null and settled_at < :before and state in ('settled', 'superseded', 'cancelled') as over
from run where seq > :after order by seq limit :limit;

-- prune_runs: what these runs carried leaves; that they were, and how they ended, stays
update run set payload = '{}', acks = null, correction = null, waiting_missing = null, pruned_at = :now
where seq in json numbers(:seqs) and pruned_at is null and settled_at < :before
  and state in ('settled', 'superseded', 'cancelled');

-- set_aside: SQLite gives no page back where a row only shrinks: what leaves its place does
update run set seq = -seq where seq in json numbers(:seqs);

-- set_back: to where it stood, close to its neighbours
update run set seq = -seq where seq < 0;

-- events: the next events by name, and which of them were admitted long ago
select source, event_id, pruned_at is null and admitted_at < :before as old from event
where (source, event_id) > (:source, :event_id) order by source, event_id limit :limit;

-- unneeded: the bodies of those that no run needs any more, to begin again with
select event_id, body from event
where source = :source and event_id in json(:ids)
  and not exists (
    select 1 from run
    where run.event_id = event.event_id and run.event_source = event.source and run.pruned_at is null);

-- prune_event: what an event said leaves; that it came stays, and what tells another one that says the same
update event set body = :body, pruned_at = :now
where source = :source and event_id = :event_id and pruned_at is null
  and not exists (
    select 1 from run
    where run.event_id = event.event_id and run.event_source = event.source and run.pruned_at is null);

-- prune_previews: answers to questions of long ago; what was done has a request of its own
delete from request where request_id in (
  select request_id from request where kind = 'preview' and settled_at < :before order by request_id limit :limit);

-- proven: up to when the lake is proven to hold what was recorded, by the slowest of its consumers
select case when count(*) = count(proven_at) then min(proven_at) end from feed_consumer;
