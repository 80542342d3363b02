-- about: what is known of these business facts
select $run from run where business_key in json(:keys) order by seq;

-- by_ids: runs by their ids
select $run from run where run_id in json(:ids) order by seq;

-- events: the events of a source by their ids
select event_id, body from event where source = :source and event_id in json(:ids);

-- due_count: how many runs somebody should be working on now
select count(*) from run
where state in ('ready', 'in_doubt') and held = 0 and due_at <= :now and flow not in (select flow from flow_state);

-- running_count: how many runs are in a worker's hands
select count(*) from run where state = 'running';

-- notices_due: how many notices of dead runs are due or being sent
select count(*) from run
where notice in ('due', 'sending') and state = 'dead'
  and (notice = 'sending' or notice_at is null or notice_at <= :now);

-- any_due: whether there is anything to claim, by two index probes for each lane however long the queues are
-- A lane holds the runs of one flow, so that any of them says which.
with recursive found(lane) as (
  select min(lane) from run where state in ('ready', 'in_doubt') and held = 0
  union all
  select (select min(lane) from run where state in ('ready', 'in_doubt') and held = 0 and lane > found.lane)
  from found where found.lane is not null
)
select 1 from found
where lane is not null
  and (
    select min(due_at) from run where state in ('ready', 'in_doubt') and held = 0 and lane = found.lane
  ) <= :now
  and (
    select flow from run where state in ('ready', 'in_doubt') and held = 0 and lane = found.lane limit 1
  ) not in (select flow from flow_state)
limit 1;

-- any_notice: whether a dead run's notice is due
select 1 from run
where notice in ('due', 'sending') and state = 'dead' and (notice_at is null or notice_at <= :now) limit 1;

-- next_due: when the next run or notice falls due
select min(due_at) from (
  select min(due_at) as due_at from run where state in ('ready', 'in_doubt') and held = 0
  union all
  select min(notice_at) from run where notice in ('due', 'sending') and state = 'dead') as falls;
