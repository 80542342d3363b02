-- cancel: a person ended it
update run set state = 'cancelled', settled_at = :now, updated_at = :now, notice = null
where seq in json numbers(:seqs) and state in ('ready', 'waiting', 'dead')
returning seq;

-- pause: claim no more runs of a flow
insert into flow_state (flow, paused_by, reason, paused_at) values (:flow, :actor, :reason, :now)
on conflict do nothing;

-- resume: claim the flow's runs again
delete from flow_state where flow = :flow;
