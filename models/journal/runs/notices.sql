-- due: dead runs whose notice is due, now in the caller's hands until then
update run set notice = 'sending', notice_at = :until where seq in (
  select seq from run
  where notice in ('due', 'sending') and state = 'dead' and (notice_at is null or notice_at <= :now)
  order by seq limit :limit for update skip locked)
returning $run;

-- keep: how the notice of a dead run stands
update run set notice = :notice, notice_at = :notice_at, notice_tries = :notice_tries
where seq = :seq and notice = 'sending' and state = 'dead';
