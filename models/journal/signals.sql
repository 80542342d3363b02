-- note: remember that something changed, and when by the database's clock
insert into signal (what, changed_wall) values (:what, :changed_wall)
on conflict (what) do update set changed_wall = excluded.changed_wall;

-- wake: the runs that wait for one of these are due now
update run set state = 'ready', due_at = :now, updated_at = :now
where state = 'waiting' and waiting_for in json(:names);

-- wake_missed: the runs whose wait is over, or whose signal came while they were pausing
update run set state = 'ready', due_at = :now, updated_at = :now
where state = 'waiting' and (
  due_at <= :now
  or exists (select 1 from signal where signal.what = run.waiting_for and signal.changed_wall >= run.waiting_wall)
);

-- forget: signals that are older than any page under way
delete from signal where changed_wall < :before;
