-- replays_of: what took over from these: any run of superseded ones, of others what this very request made before
select new.replay_of, new.run_id from run as new join run as old on old.run_id = new.replay_of
where new.replay_of in json(:ids) and (old.state = 'superseded' or new.replay_request = :request_id) order by new.seq;

-- forget: an event that is to be taken as new when it comes again
delete from event where source = :source and event_id = :event_id;

-- rewind: read a stream again from its beginning
update cursor set cursor = null, left_off = coalesce(cursor, left_off) where system = :system and stream = :stream;
