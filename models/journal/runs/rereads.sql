-- ask_again: a dead letter of the intake waits for its row; why the row did not come the last time no longer counts
update run set waiting_for = :row, waiting_because = null, error_message = :message, updated_at = :now
where seq = :seq and state = 'dead';

-- asked_again: the dead letters of a stream that wait for their row
select $run from run
where state = 'dead' and business_key begins with :stream and flow = 'intake' and waiting_for is not null;

-- missed: why a row that was asked for again did not come
update run set waiting_because = :because, error_message = :message, updated_at = :now
where seq = :seq and state = 'dead';

-- read_on: a stream that was begun again and could not be read for long goes on from where it stood
update cursor set cursor = left_off, left_off = null
where system = :system and stream = :stream and cursor is null and left_off is not null and polled_at < :stale;
