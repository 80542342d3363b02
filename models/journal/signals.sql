-- note: remember that something changed, and when by the database's clock
insert into signal (what, changed_wall) values (:what, :changed_wall)
on conflict (what) do update set changed_wall = excluded.changed_wall;

-- wake: the runs that wait for one of these are due now
update run set state = 'ready', due_at = :now, updated_at = :now
where state = 'waiting' and waiting_for in json(:names);

-- wake_for: the runs that wait for something whose name begins so
update run set state = 'ready', due_at = :now, updated_at = :now
where state = 'waiting' and waiting_for begins with :beginning;

-- wake_late: the runs whose wait is over
update run set state = 'ready', due_at = :now, updated_at = :now where state = 'waiting' and due_at <= :now;

-- wake_missed: the runs whose signal came while they were pausing
update run set state = 'ready', due_at = :now, updated_at = :now
where state = 'waiting'
  and exists (select 1 from signal where signal.what = run.waiting_for and signal.changed_wall >= run.waiting_wall);

-- wake_missed_of: the same of these
update run set state = 'ready', due_at = :now, updated_at = :now
where seq in json numbers(:seqs) and state = 'waiting'
  and exists (select 1 from signal where signal.what = run.waiting_for and signal.changed_wall >= run.waiting_wall);

-- forget: signals that are older than any page under way
delete from signal where changed_wall < :before;
