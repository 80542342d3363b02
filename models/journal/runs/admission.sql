-- seen: which events of a source were admitted before
select event_id from event where source = :source and event_id in json(:ids);

-- keep_event: the event as it came
insert into event (source, event_id, body, admitted_at) values (:source, :event_id, :body, :admitted_at);

-- open_aggregates: aggregates that have an unsettled run
select distinct aggregate from run
where state in ('ready', 'running', 'waiting', 'in_doubt') and flow = :flow and aggregate in json(:aggregates);

-- wake_with: a waiting run goes on with the newer version of its fact; what the older one was answered counts no more
update run set state = 'ready', step = 0, step_name = :step_name, attempt = 0, payload = :payload, acks = null,
  source_version = :source_version, event_type = :event_type, event_source = :event_source, event_id = :event_id,
  legal_entity = :legal_entity, correction = null, intent = null,
  waiting_for = null, waiting_because = null, waiting_missing = null, waiting_owner = null, waiting_wall = null,
  amount = :amount, currency = :currency, source_changed_at = :source_changed_at, due_at = :now, updated_at = :now
where seq = :seq and state = 'waiting';
