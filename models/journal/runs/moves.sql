-- move: what a worker did to one run, refused when its lease is another's by now
update run set state = :state, step = :step, step_name = :step_name, attempt = :attempt, claims = 0,
  legal_entity = :legal_entity, payload = :payload, acks = :acks, intent = :intent,
  error_code = :error_code, error_message = :error_message, error_field = :error_field, system = :system,
  waiting_for = :waiting_for, waiting_because = :waiting_because, waiting_missing = :waiting_missing,
  waiting_owner = :waiting_owner, waiting_wall = :waiting_wall, amount = :amount, currency = :currency,
  due_at = :due_at, settled_at = :settled_at, notice = :notice, updated_at = :now,
  lease_owner = :owner, lease_until_wall = :until
where seq = :seq and lease_token = :lease_token and state = 'running';

-- move_many: the same for a whole group in one round trip (PostgreSQL)
update run set state = u.state, step = u.step, step_name = u.step_name, attempt = u.attempt, claims = 0,
  legal_entity = u.legal_entity, payload = u.payload, acks = u.acks, intent = u.intent,
  error_code = u.error_code, error_message = u.error_message, error_field = u.error_field, system = u.system,
  waiting_for = u.waiting_for, waiting_because = u.waiting_because, waiting_missing = u.waiting_missing,
  waiting_owner = u.waiting_owner, waiting_wall = u.waiting_wall, amount = u.amount, currency = u.currency,
  due_at = u.due_at, settled_at = u.settled_at, notice = u.notice, updated_at = u.now,
  lease_owner = u.owner, lease_until_wall = u.until
from unnest(
  cast(:state as text[]),
  cast(:step as int[]),
  cast(:step_name as text[]),
  cast(:attempt as int[]),
  cast(:legal_entity as text[]),
  cast(:payload as text[]),
  cast(:acks as text[]),
  cast(:intent as text[]),
  cast(:error_code as text[]),
  cast(:error_message as text[]),
  cast(:error_field as text[]),
  cast(:system as text[]),
  cast(:waiting_for as text[]),
  cast(:waiting_because as text[]),
  cast(:waiting_missing as text[]),
  cast(:waiting_owner as text[]),
  cast(:waiting_wall as bigint[]),
  cast(:amount as text[]),
  cast(:currency as text[]),
  cast(:due_at as bigint[]),
  cast(:settled_at as bigint[]),
  cast(:notice as text[]),
  cast(:now as bigint[]),
  cast(:owner as text[]),
  cast(:until as bigint[]),
  cast(:seq as bigint[]),
  cast(:lease_token as bigint[])
) as u(
  state, step, step_name, attempt, legal_entity, payload, acks, intent, error_code, error_message, error_field, system,
  waiting_for, waiting_because, waiting_missing, waiting_owner, waiting_wall, amount, currency, due_at, settled_at,
  notice, now, owner, until, seq, lease_token
)
where run.seq = u.seq and run.lease_token = u.lease_token and run.state = 'running'
returning run.seq;

-- held_tokens: whose lease these runs are under
select seq, lease_token from run where seq in json numbers(:seqs) and state = 'running';
