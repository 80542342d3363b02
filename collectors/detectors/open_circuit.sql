-- unreachable: systems whose circuit is not closed
SELECT * FROM circuits WHERE state <> 'closed';

-- throttled: systems that asked us to wait for more than ten minutes
SELECT * FROM circuits WHERE state = 'closed' AND held_until > {now} + INTERVAL 10 MINUTE;
