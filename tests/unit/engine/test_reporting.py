"""What the engine tells: spans with one trace per lineage, trace context in calls, snapshots of what changed, jobs (E2,
C4, E9).
"""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import orjson
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from integrations.contracts.connector import Answer, Change, Observation
from integrations.engine import Engine
from integrations.engine.jobs import Jobs
from integrations.engine.snapshotting import Snapshotting
from integrations.engine.telemetry import Telemetry
from integrations.engine.tracing import Tracing
from models.domain.clock import WorldClock, set_world_clock
from models.domain.errors import Rejected, Retriable
from models.domain.record import Record
from models.journal import Journal
from tests.unit.engine.hostile import START, HandClock, Hostile, event, posting_flow


class Kept(SpanProcessor):
    """Keeps finished spans."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


class Listening(Hostile):
    """Notes the trace context that is current while it is called."""

    seen: list[tuple[str, str]]

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        context = trace.get_current_span().get_span_context()
        self.seen = [*getattr(self, "seen", []), (f"{context.trace_id:032x}", f"{context.span_id:016x}")]
        return super().deliver(changes)


def records(journal: Journal) -> list[Record]:
    return [record for page in journal.feed.read(0, 1000) for record in page.records]


@pytest.mark.req("E2")
def test_one_trace_from_event_to_acknowledgement(journal: Journal, clock: HandClock) -> None:
    """E2: root and step spans, the target's call and every record carry the trace of the event that began it."""
    kept, target = Kept(), Listening()
    engine = Engine(journal, [posting_flow()], [target], clock, tracing=Tracing(kept))
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    engine.admit(
        [event("a").model_copy(update={"traceparent": f"00-{trace_id}-b7ad6b7169203331-01", "correlationid": "corr-1"})]
    )
    engine.drain()
    spans = {span.name: span for span in kept.spans}
    assert set(spans) == {"run post-time", "check", "price", "post", "close"}
    root, post = spans["run post-time"], spans["post"]
    assert {f"{span.context.trace_id:032x}" for span in kept.spans if span.context} == {trace_id}
    assert root.parent is None and all(
        span.parent is not None and root.context is not None and span.parent.span_id == root.context.span_id
        for span in kept.spans
        if span is not root
    )
    assert post.context is not None and target.seen == [(trace_id, f"{post.context.span_id:016x}")]
    assert (
        post.attributes is not None
        and post.attributes["tieout.system"] == "erp"
        and post.attributes["tieout.correlation_id"] == "corr-1"
    )
    assert {record.trace_id for record in records(journal)} == {trace_id}
    assert {record.correlation_id for record in records(journal)} == {"corr-1"}


@pytest.mark.req("E2")
def test_a_bulk_call_links_the_runs_it_serves(journal: Journal, clock: HandClock) -> None:
    """E2: one call, many runs: the call has a trace of its own and links each run's step span; replays stay in their
    trace.
    """
    kept, refused = Kept(), {"a"}
    target = Listening(
        bulk=10, misbehaves=lambda change, tries: Rejected("no", code="x") if change.external_id[0] in refused else None
    )
    engine = Engine(journal, [posting_flow(bulk=10)], [target], clock, tracing=Tracing(kept))
    engine.admit([event("a"), event("b")])
    engine.drain()
    (call,) = [span for span in kept.spans if span.name == "deliver time_entry"]
    steps = {
        (span.context.trace_id, span.context.span_id) for span in kept.spans if span.name == "post" and span.context
    }
    assert {(link.context.trace_id, link.context.span_id) for link in call.links} == steps and len(steps) == 2
    failed = next(span for span in kept.spans if span.name == "post" and span.status.description)
    refused.clear()
    journal.runs.replay([run.run_id for run in journal.runs.by_keys(["time_entry:a"])], "failed_step", None, "ops", {})
    engine.drain()
    roots = [
        span
        for span in kept.spans
        if span.name == "run post-time"
        and span.context
        and failed.context
        and span.context.trace_id == failed.context.trace_id
    ]
    assert len(roots) == 2


def test_a_collector_that_is_down_costs_nothing(journal: Journal, clock: HandClock) -> None:
    """C1: spans that cannot be sent neither fail nor hold up the engine, nor its end."""
    telemetry = Telemetry("http://127.0.0.1:9", "sandbox", timeout=1.0)
    engine = Engine(journal, [posting_flow()], [Hostile()], clock, tracing=telemetry.tracing)
    engine.admit([event(str(n)) for n in range(20)])
    engine.drain()
    assert journal.runs.states() == {("post-time", "settled"): 20}
    telemetry.close(0.2)


class Collector:
    """Answers as told and keeps what it confirmed."""

    def __init__(self) -> None:
        self.status, self.rows = 200, list[dict[str, object]]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.status == 200:
            self.rows += [orjson.loads(line) for line in gzip.decompress(request.content).split(b"\n")]
        return httpx.Response(self.status)


@pytest.mark.req("C4")
def test_a_snapshot_sends_what_changed_and_what_is_gone(journal: Journal, clock: HandClock) -> None:
    """C4: all at first, then the changed row, then the absence of the removed one; nothing when nothing changed."""
    collector, system = Collector(), Hostile()
    client = httpx.Client(transport=httpx.MockTransport(collector))
    snapshots = Snapshotting(journal, clock, "http://collector/v1/observations", client)
    system.objects = {"a": {"hours": "8"}, "b": {"hours": "4"}}
    assert snapshots.take(system) == 2 and snapshots.take(system) == 0
    assert (
        collector.rows[0]["fields"] == {"hours": "8"}
        and collector.rows[0]["role"] == "erp"
        and collector.rows[0]["present"] is True
    )
    system.objects = {"a": {"hours": "7"}}
    assert snapshots.take(system) == 2
    assert [(row["key"], row["present"], row["fields"]) for row in collector.rows[2:]] == [
        ("a", True, {"hours": "7"}),
        ("b", False, {}),
    ]
    again = Snapshotting(journal, clock, "http://collector/v1/observations", client)
    assert again.take(system) == 0, "a new process knows what was sent"


@pytest.mark.req("C4")
def test_an_object_that_moved_is_sent_and_leaves_a_tombstone_under_its_old_key(
    journal: Journal, clock: HandClock
) -> None:
    """C4: another key, or another legal entity, is a change also where no field tells it."""
    collector, system = Collector(), Moving()
    client = httpx.Client(transport=httpx.MockTransport(collector))
    snapshots = Snapshotting(journal, clock, "http://collector/v1/observations", client)
    assert snapshots.take(system) == 1
    system.key = "PRJ-1"
    assert snapshots.take(system) == 1
    assert [(row["system_id"], row["key"], row["present"]) for row in collector.rows[1:]] == [
        ("9001", "9001", False),
        ("9001", "PRJ-1", True),
    ], "first what it leaves, so that the newer row of the object says where it is"
    system.entity = "NOV-UK"
    assert snapshots.take(system) == 1 and snapshots.take(system) == 0
    assert [(row["key"], row["legal_entity"]) for row in collector.rows[3:]] == [("PRJ-1", "NOV-UK")]


@pytest.mark.req("C4", "M2")
def test_a_snapshot_shows_objects_under_the_ids_that_were_settled_on(journal: Journal, clock: HandClock) -> None:
    """M2: a key that a connector mints is a guess until the crosswalk knows the object; then it is followed."""
    collector, system = Collector(), Guessing()
    client = httpx.Client(transport=httpx.MockTransport(collector))
    snapshots = Snapshotting(journal, clock, "http://collector/v1/observations", client)
    snapshots.take(system)
    journal.crosswalk.link([("erp", "customer", "001A", "C-1001.erp"), ("erp", "customer", "001P", "C-7")])
    assert snapshots.take(system) == 1
    assert [(row["key"], row["present"], row["fields"]) for row in collector.rows] == [
        ("C-1001", True, {"name": "P", "parent_key": "C-1"}),
        ("C-1001", False, {}),
        ("C-1001.erp", True, {"name": "P", "parent_key": "C-7"}),
    ]


class Guessing(Hostile):
    """Shows a customer below another, both under keys by rule."""

    def snapshot(self, entity: str) -> Iterator[Observation]:
        refs = {"key": ("customer", "001A"), "parent_key": ("customer", "001P"), "other": ("customer", "001X")}
        yield Observation("customer", "001A", "C-1001", {"name": "P", "parent_key": "C-1"}, None, refs)


class Moving(Hostile):
    """Shows one object, whose key and company may change and whose fields do not."""

    key, entity = "9001", "NOV-DE"

    def snapshot(self, entity: str) -> Iterator[Observation]:
        yield Observation(entity, "9001", self.key, {"name": "P"}, self.entity)


@pytest.mark.req("C4", "C6")
def test_what_the_collector_did_not_confirm_goes_out_again(journal: Journal, clock: HandClock) -> None:
    """C6: only a 200 counts."""
    collector, system = Collector(), Hostile()
    snapshots = Snapshotting(
        journal, clock, "http://collector/v1/observations", httpx.Client(transport=httpx.MockTransport(collector))
    )
    system.objects, collector.status = {"a": {"hours": "8"}}, 429
    with pytest.raises(Retriable, match="answered 429"):
        snapshots.take(system)
    collector.status = 200
    assert snapshots.take(system) == 1 and len(collector.rows) == 1


@pytest.mark.req("E9")
def test_a_job_runs_in_one_process_and_at_once_when_the_world_jumps(journal: Journal, tmp_path: Path) -> None:
    """E9: the second process finds the lease taken; a new clock setting runs the polls before their time."""
    set_world_clock(tmp_path / "clock.json", START)
    clock, ran, other = WorldClock(tmp_path / "clock.json"), threading.Semaphore(0), []
    first, second = Jobs("first", journal.leases, clock), Jobs("second", journal.leases, clock)
    first.every(3600, "poll", ran.release, at_jump=True)
    second.every(3600, "poll", lambda: other.append(1), at_jump=True)
    first.start()
    assert ran.acquire(timeout=10), "a job runs at the start"
    second.start()
    set_world_clock(tmp_path / "clock.json", START)
    assert ran.acquire(timeout=10), "and when the clock was set anew"
    first.stop()
    second.stop()
    assert other == []


@pytest.mark.req("E9")
def test_a_long_job_keeps_its_lease(journal: Journal, clock: HandClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """E9: while it is under way its lease is renewed, so that no second process begins it; afterwards it is not."""
    monkeypatch.setattr("integrations.engine.jobs._RENEW_SECONDS", 0.01)
    held, begun, end = threading.Semaphore(0), threading.Event(), threading.Event()
    hold = journal.leases.hold

    def counted(name: str, owner: str, seconds: float) -> bool:
        held.release()
        return hold(name, owner, seconds)

    monkeypatch.setattr(journal.leases, "hold", counted)

    def work() -> None:
        begun.set()
        end.wait(10)

    jobs = Jobs("me", journal.leases, clock)
    jobs.every(3600, "long", work)
    jobs.start()
    assert begun.wait(10)
    assert all(held.acquire(timeout=10) for _ in range(4)), "once at its start, then again and again"
    assert not hold("long", "another", 30)
    end.set()
    jobs.stop()


@pytest.mark.req("E9")
def test_a_job_that_missed_its_times_runs_once_however_late(journal: Journal, clock: HandClock) -> None:
    """E9: a machine that slept for ten hours neither leaves the turn out nor makes up for ten of them."""
    ran = threading.Semaphore(0)
    jobs = Jobs("me", journal.leases, clock)
    jobs.every(3600, "hourly", ran.release)
    late = jobs._scheduler
    late.start(paused=True)
    late.modify_job("hourly", next_run_time=datetime.now(UTC) - timedelta(hours=10))
    late.resume()
    assert ran.acquire(timeout=10), "however late"
    assert not ran.acquire(timeout=0.3), "and once"
    late.shutdown()


@pytest.mark.req("E9", "N3")
def test_a_job_that_finds_nothing_rests_until_something_comes(journal: Journal, clock: HandClock) -> None:
    """N3: its pause grows up to the longest; what it finds makes it quick again."""
    pauses, jobs, found = list[float](), Jobs("me", journal.leases, clock), [0, 0, 0, 1, 0]
    soon, done = jobs._soon, threading.Event()

    def noted(name: str, seconds: float = 0.0) -> None:
        pauses.append(round(seconds, 4))
        done.set() if len(pauses) == 6 else soon(name, seconds and 0.001)

    jobs._soon = noted  # type: ignore[method-assign]
    jobs.every(0.02, "poll", lambda: found.pop(0), rest=0.04)
    jobs.start()
    assert done.wait(10)
    jobs.stop()
    assert pauses == [0.0, 0.03, 0.04, 0.04, 0.02, 0.03]


@pytest.mark.req("E9", "N4")
def test_a_job_that_fails_runs_again(journal: Journal, clock: HandClock) -> None:
    """N4: a fault of one turn is told and does not end the job."""
    turns = threading.Semaphore(0)

    def work() -> None:
        turns.release()
        raise OSError("no network")

    jobs = Jobs("me", journal.leases, clock)
    jobs.every(0.05, "fails", work)
    jobs.start()
    assert turns.acquire(timeout=10) and turns.acquire(timeout=10)
    jobs.stop()
