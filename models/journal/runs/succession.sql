-- overtaken: dead runs of facts that settled
select $run from run where state = 'dead' and business_key in json(:keys);

-- supersede: a later attempt took over
update run set state = 'superseded', settled_at = :now, updated_at = :now, notice = null
where seq in json numbers(:seqs) and state in ('ready', 'waiting', 'dead')
returning seq;

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
