"""Tables of runs, events, crosswalk, registry and feed. Times are microseconds since 1970: world time, but wall time in
`…_wall`.
"""

from __future__ import annotations

import sqlalchemy as sa

from models.journal.metadata import Instant, Json, metadata
from models.journal.sealing import SealedJson

_SERIAL = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _part(name: str, where: str, *columns: str, unique: bool = False) -> sa.Index:
    """An index over the few rows that `where` selects: settled runs cost it nothing."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


event = sa.Table(
    "event",
    metadata,
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("body", Json, nullable=False),  # the CloudEvent as it came, so that a replay can begin again
    sa.Column("admitted_at", Instant, nullable=False),
    sa.Column("pruned_at", Instant),  # when what it said left for the lake alone
    sqlite_with_rowid=False,
)

run = sa.Table(
    "run",
    metadata,
    sa.Column("seq", _SERIAL, primary_key=True, autoincrement=True),  # order of admission
    sa.Column("run_id", sa.Text, nullable=False, unique=True),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("flow_version", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),  # index of the next step
    sa.Column("step_name", sa.Text),
    sa.Column("attempt", sa.Integer, nullable=False),  # failed tries of this step so far
    sa.Column("claims", sa.Integer, nullable=False),  # claims since the last commit: counts crashed workers
    sa.Column("held", sa.Integer, nullable=False),  # 1 while an earlier run of its aggregate is open
    sa.Column("business_key", sa.Text, nullable=False),
    sa.Column("source_version", sa.BigInteger, nullable=False),
    sa.Column("aggregate", sa.Text, nullable=False),
    sa.Column("lane", sa.Text, nullable=False),
    sa.Column("lineage_id", sa.Text, nullable=False),
    sa.Column("replay_of", sa.Text),
    sa.Column("replay_request", sa.Text),  # the request that made this replay, so that asking again makes no other
    sa.Column("correlation_id", sa.Text, nullable=False),
    sa.Column("trace_id", sa.Text, nullable=False),
    sa.Column("legal_entity", sa.Text),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("event_source", sa.Text, nullable=False),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("payload", Json, nullable=False),
    sa.Column("acks", Json),
    sa.Column("correction", Json),
    sa.Column("intent", Json),  # the write that was begun and not answered yet
    sa.Column("error_code", sa.Text),
    sa.Column("error_message", sa.Text),
    sa.Column("error_field", sa.Text),
    sa.Column("system", sa.Text),
    sa.Column("waiting_for", sa.Text),
    sa.Column("waiting_because", sa.Text),
    sa.Column("waiting_missing", Json),
    sa.Column("waiting_owner", sa.Text),
    sa.Column("waiting_wall", sa.BigInteger),
    sa.Column("amount", sa.Text),
    sa.Column("currency", sa.Text),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("due_at", Instant),
    sa.Column("settled_at", Instant),
    sa.Column("updated_at", Instant, nullable=False),
    sa.Column("source_changed_at", Instant),
    sa.Column("notice", sa.Text),  # of a dead run whose flow has an on_dead step: due, sending, then tried
    sa.Column("notice_at", Instant),  # when it is due (null: at once), or when whoever sends it is taken for lost
    sa.Column("notice_tries", sa.Integer, nullable=False),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_token", sa.BigInteger, nullable=False),
    sa.Column("lease_until_wall", sa.BigInteger),
    sa.Column("pruned_at", Instant),  # when what it carried left for the lake alone
    _part("run_fact", "replay_of IS NULL", "business_key", "flow", "source_version", "event_source", unique=True),
    _part("run_claimable", "state IN ('ready', 'in_doubt') AND held = 0", "lane", "due_at", "seq"),
    _part("run_open", "state IN ('ready', 'running', 'waiting', 'in_doubt')", "flow", "aggregate", "held"),
    _part("run_held", "held = 1", "flow", "aggregate", "seq"),
    _part("run_dead", "state = 'dead'", "business_key", "flow"),
    _part("run_waiting", "state = 'waiting'", "waiting_for"),
    _part("run_set_up", "flow = 'quote-to-project' AND state IN ('settled', 'dead')", "business_key", "created_at"),
    _part("run_late", "state = 'waiting'", "due_at"),
    _part("run_leased", "state = 'running'", "lease_until_wall"),
    _part("run_replay", "replay_of IS NOT NULL", "replay_of"),
    _part("run_by_event", "pruned_at IS NULL", "event_id"),
    _part("run_notice", "notice IN ('due', 'sending')", "seq"),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("position", _SERIAL, primary_key=True, autoincrement=True),  # order of arrival
    sa.Column("source", sa.Text, nullable=False),  # who received it
    sa.Column("item_id", sa.Text, nullable=False),
    sa.Column("received_at", Instant, nullable=False),
    sa.Column("traceparent", sa.Text),
    sa.Column("body", Json),  # as it came; null once it is admitted, since the event or the dead letter holds it then
    sa.Column("refusal", Json),  # of a body that its receiver could not read: code, message, field
    sa.Column("admitted_at", Instant),
    sa.UniqueConstraint("source", "item_id"),
    _part("inbox_waiting", "admitted_at IS NULL", "position"),
    sqlite_autoincrement=True,
)

flow_state = sa.Table(
    "flow_state",
    metadata,
    sa.Column("flow", sa.Text, primary_key=True),
    sa.Column("paused_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("paused_at", Instant, nullable=False),
)

signal = sa.Table(
    "signal",
    metadata,
    sa.Column("what", sa.Text, primary_key=True),  # entity/id, as a waiting run names it
    sa.Column("changed_wall", sa.BigInteger, nullable=False),
)

registry = sa.Table(
    "registry",
    metadata,
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("canonical_id", sa.Text, primary_key=True),
    sa.Column("body", Json, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("changed_at", Instant, nullable=False),
)

match_key = sa.Table(
    "match_key",
    metadata,
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("identity", sa.Text, primary_key=True),
    sa.Column("canonical_id", sa.Text, primary_key=True),
    sa.Index("match_key_by_id", "entity", "canonical_id"),
)

crosswalk = sa.Table(
    "crosswalk",
    metadata,
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("system_id", sa.Text, primary_key=True),
    sa.Column("canonical_id", sa.Text, nullable=False),
    sa.Column("linked_at", Instant, nullable=False),
    sa.Index("crosswalk_by_canonical", "entity", "canonical_id", "system"),
)

feed = sa.Table(
    "feed",
    metadata,
    sa.Column("position", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("records", sa.LargeBinary, nullable=False),  # zlib over a JSON list of records
    sqlite_autoincrement=True,  # a trimmed feed never gives a position twice
)

feed_consumer = sa.Table(
    "feed_consumer",
    metadata,
    sa.Column("consumer", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("proven_at", Instant),  # world time before which everything recorded lies under a signed checkpoint
    sa.Column("marked_at", Instant),  # world time at which the feed stood at `mark`
    sa.Column("mark", sa.BigInteger),
)

outlet = sa.Table(
    "outlet",
    metadata,
    sa.Column("broker", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),  # up to which the feed's events have gone out
    sa.Column("since", Instant, nullable=False),  # wall time from when on they go out
)

unsent = sa.Table(
    "unsent",
    metadata,
    sa.Column("broker", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, primary_key=True),
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("body", SealedJson, nullable=False),  # the CloudEvent as it was to go out
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("refused_at", Instant, nullable=False),  # wall time
    sa.Column("again_at", Instant),  # wall time at which somebody asked to have it sent again
    _part("unsent_again", "again_at IS NOT NULL", "broker"),
)

cursor = sa.Table(
    "cursor",
    metadata,
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("stream", sa.Text, primary_key=True),
    sa.Column("cursor", sa.Text),
    sa.Column("polled_at", Instant),  # world time at which the last poll that reached the end began
    sa.Column("error", sa.Text),
    sa.Column("left_off", sa.Text),  # of a stream that is begun again: where it stood before, until it is read
    sa.Column("known_at", Instant),  # wall time since which the stream is to be read
    sa.Column("read_at", Instant),  # wall time of the last poll that reached the end
    sa.Column("failed_at", Instant),  # wall time since which every poll failed
)

extract = sa.Table(
    "extract",
    metadata,
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, nullable=False),  # one more with each change of what `snapshot` holds of it
    sa.Column("taken_at", Instant),  # world time at which the last extract that reached its end began
    sa.Column("swept_at", Instant),  # wall time of the last extract that read everything
    sa.Column("sweep_calls", sa.BigInteger),  # how many calls that one made
    sa.Column("error", sa.Text),
    sa.Column("known_at", Instant),  # wall time since which the entity is to be extracted
    sa.Column("read_at", Instant),  # wall time of the last extract that reached its end
    sa.Column("failed_at", Instant),  # wall time since which every extract failed
)

throttle = sa.Table(
    "throttle",
    metadata,
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("tokens", sa.Float, nullable=False),
    sa.Column("refilled_wall", sa.BigInteger, nullable=False),
    sa.Column("held_until", Instant),  # the system asked us to wait
    sa.Column("circuit", sa.Text, nullable=False),  # closed, open, half_open
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("probe_at", Instant),
    sa.Column("reason", sa.Text),
    sa.Column("updated_at", Instant, nullable=False),
)

call_day = sa.Table(
    "call_day",
    metadata,
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),  # 2026-11-30, by the database's clock, in UTC
    sa.Column("calls", sa.BigInteger, nullable=False),  # that all engines made
    sa.Column("used", sa.BigInteger),  # by the vendor's count, where it tells
    sa.Column("allowed", sa.BigInteger),  # by the vendor, in its day
    sa.Column("told_at", Instant),  # wall time of the vendor's last word
)

heartbeat = sa.Table(
    "heartbeat",
    metadata,
    sa.Column("process", sa.Text, primary_key=True),
    sa.Column("part", sa.Text, primary_key=True),
    sa.Column("role", sa.Text, nullable=False),  # engine, collect, console
    sa.Column("told_at", Instant, nullable=False),  # wall time at which the process told this last
    sa.Column("well_at", Instant),  # wall time at which the part was well last; none: never yet
    sa.Column("allowed_seconds", sa.Float, nullable=False),  # that may pass between two times of being well
    sa.Column("fault", sa.Text),  # what hinders it at the moment
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("until_wall", sa.BigInteger, nullable=False),
    sa.Column("turn_wall", sa.BigInteger),  # when the last turn began of a job that rests longer than a lease lasts
)

catalogue = sa.Table(
    "catalogue",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("entries", Json, nullable=False),  # "file entry" -> digest of what it says
    sa.Column("since", Instant, nullable=False),
)

snapshot = sa.Table(
    "snapshot",
    metadata,
    sa.Column("system", sa.Text, primary_key=True),
    sa.Column("entity", sa.Text, primary_key=True),
    sa.Column("system_id", sa.Text, primary_key=True),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("legal_entity", sa.Text),
    sqlite_with_rowid=False,
)

write_off = sa.Table(
    "write_off",
    metadata,
    sa.Column("write_off_id", sa.Text, primary_key=True),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("entity", sa.Text, nullable=False),
    sa.Column("item_key", sa.Text, nullable=False),
    sa.Column("amount", sa.Text, nullable=False),  # exactly what is written off: another amount needs another one
    sa.Column("currency", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("asked_by", sa.Text, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("approved_by", sa.Text),  # somebody else
    sa.Column("approved_at", Instant),
    sa.Column("request_id", sa.Text),  # what was asked for and approved
    sa.Column("reversal_id", sa.Text),  # the request that took it back, likewise of two
    sa.Column("reversed_at", Instant),
    sa.CheckConstraint("approved_by <> asked_by", name="write_off_by_two"),
    sa.Index("write_off_of", "flow", "entity", "item_key"),
)

sealed_day = sa.Table(
    "sealed_day",
    metadata,
    sa.Column("legal_entity", sa.Text, primary_key=True),  # whose day; empty: of what is no company's, once all days
    sa.Column("day", sa.Text, primary_key=True),  # 2026-11-30
    sa.Column("sealed_at", Instant, nullable=False),
)

sealed_total = sa.Table(
    "sealed_total",
    metadata,
    sa.Column("total", sa.Text, primary_key=True),  # JSON list of what the total is of
    sa.Column("day", sa.Text, nullable=False),  # when it was sealed as it is
    sa.Column("body", Json, nullable=False),
)

sealed_figure = sa.Table(
    "sealed_figure",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),  # 2026-11-30
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("body", Json, nullable=False),
)

alert = sa.Table(
    "alert",
    metadata,
    sa.Column("alert_id", sa.Text, primary_key=True),  # by which its receiver knows it again
    sa.Column("ring", sa.Text, nullable=False),  # the same for all roads of its audience
    sa.Column("kind", sa.Text, nullable=False),  # case, digest, pulse, test
    sa.Column("audience", sa.Text, nullable=False),
    sa.Column("road", sa.Text, nullable=False),
    sa.Column("body", Json, nullable=False),  # title, text, data
    sa.Column("state", sa.Text, nullable=False),  # pending, delivered, dead
    sa.Column("made_wall", Instant, nullable=False),
    sa.Column("next_wall", Instant, nullable=False),
    sa.Column("tried_wall", Instant),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("fault", sa.Text),
    sa.Index(
        "alert_pending",
        "next_wall",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    ),
    sa.Index("alert_made", "audience", "made_wall"),
    sa.Index("alert_by_road", "road", "tried_wall"),
)

alert_told = sa.Table(
    "alert_told",
    metadata,
    sa.Column("audience", sa.Text, primary_key=True),
    sa.Column("topic", sa.Text, primary_key=True),  # a case, a cause, a process, the summary of a day
    sa.Column("episode", Instant),  # when the case opened of which was told
    sa.Column("told_wall", Instant, nullable=False),
)
