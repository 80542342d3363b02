-- append: keep what was received, once an item
insert into inbox (source, item_id, received_at, traceparent, body, refusal)
values (:source, :item_id, :received_at, :traceparent, :body, :refusal)
on conflict (source, item_id) do nothing;

-- append_again: the same, of what is known only while it waits
insert into inbox (source, item_id, received_at, traceparent, body, refusal)
values (:source, :item_id, :received_at, :traceparent, :body, :refusal)
on conflict (source, item_id) do update
  set received_at = excluded.received_at, traceparent = excluded.traceparent, body = excluded.body,
      refusal = excluded.refusal, admitted_at = null
  where inbox.admitted_at is not null;

-- waiting: what is to be admitted, in order of arrival; `resting` are sources that cannot be asked now
select position, source, item_id, received_at, traceparent, body, refusal from inbox
where admitted_at is null and not (source in json(:resting)) order by position limit :limit;

-- waiting_count: how much is to be admitted
select count(*) from inbox where admitted_at is null;

-- admitted: these items are events or dead letters by now, which hold what came; the item's id stays known
update inbox set admitted_at = :now, body = null, refusal = null where position in json numbers(:positions);

-- put_back: a body that could not be read is to be admitted again
insert into inbox (source, item_id, received_at, body) values (:source, :item_id, :now, :body)
on conflict (source, item_id) do update
  set received_at = excluded.received_at, body = excluded.body, refusal = null, admitted_at = null;

-- forget: ids of items that nobody sends again after so long; admission would still know their events
delete from inbox where admitted_at < :before;
