"""One suite for every vendor that has an emulator: the connector is proven over real HTTP against it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from integrations.connectors.directory import connector_of, vendors
from integrations.contracts.connector import Change, Connector
from integrations.sandbox.faults.conditions import Condition, Conditions
from integrations.sandbox.gateway import Gateway
from integrations.sandbox.serving import served
from models.canonical.events import data_of
from models.domain.errors import (
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Retriable,
    TieoutError,
    Unmappable,
)
from models.domain.outcomes import Acknowledgement
from tests.contract.connectors.cases import CASES, SECRET, START, World
from tests.contract.connectors.gate import Gate, Spoil

VENDORS = sorted(CASES)
READERS = [name for name in VENDORS if CASES[name].stream]
WRITERS = [name for name in VENDORS if CASES[name].change]
HTTP = [name for name in VENDORS if CASES[name].http]


class Bench:
    """One connector before its emulator."""

    def __init__(self, vendor: str, world: World, gate: Gate, conditions: Conditions) -> None:
        self.vendor, self.case, self.world, self.gate, self.conditions = vendor, CASES[vendor], world, gate, conditions
        self.connector: Connector = self.fresh()

    def fresh(self, options: Mapping[str, Any] | None = None, **credentials: str) -> Connector:
        given = self.case.config(self.vendor, self.world)
        config = replace(
            given, credentials={**given.credentials, **credentials}, options={**given.options, **(options or {})}
        )
        made: Connector = connector_of(self.vendor)(config, self.world.clock)
        return made

    def grow(self, *numbers: int) -> None:
        for n in numbers:
            self.world.clock.present += timedelta(seconds=1)
            self.case.grow(self.world, n)
        self.world.clock.present += timedelta(seconds=1)

    def read(self) -> object:
        """One reading call, whatever kind the connector offers."""
        return (
            self.connector.poll(self.case.stream, None)
            if self.case.stream
            else list(self.connector.snapshot(self.case.snapshot))
        )

    def change(self, n: int = 1) -> Change:
        assert self.case.change is not None
        return self.case.change(n)

    def count(self) -> int:
        assert self.case.count is not None
        return self.case.count(self.world)

    def deliver(self, *changes: Change) -> list[Any]:
        """Answers, with an error for the whole call as everybody's answer, as the engine takes it."""
        try:
            return list(self.connector.deliver(changes))
        except TieoutError as error:
            return [error] * len(changes)

    def arm(self, kind: str, **where: Any) -> None:
        self.conditions.arm(Condition(self.vendor, kind, **where))


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    world = World(folder=tmp_path)
    conditions = Conditions()
    gate = Gate(Gateway(world.vendors.by_prefix(), world.ledger, conditions, world.clock))
    with served(gate) as address:  # type: ignore[arg-type]
        world.address = address
        CASES[request.param].prepare(world)
        made = Bench(request.param, world, gate, conditions)
        yield made
        made.connector.close()


def on(names: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("bench", names, indirect=True)


def test_every_kind_of_system_has_an_emulator() -> None:
    """S1: CRM, ERP, PSA, PPM and HCM are there. A connector without an emulator is proven by its recorded exchanges."""
    assert set(CASES) <= set(vendors()), "a case without its connector"
    assert {case.role for case in CASES.values()} == {"crm", "erp", "psa", "ppm", "hcm"}


@on(VENDORS)
def test_it_declares_what_it_can(bench: Bench) -> None:
    """S4: streams, snapshots and bulk limits are declared, and what is not declared is refused by name."""
    connector = bench.connector
    assert connector.config.name == bench.vendor and connector.snapshots
    with pytest.raises(Misconfigured, match="no 'gossip'"):
        connector.poll("gossip", None)
    with pytest.raises(Misconfigured, match="no 'gossip'"):
        list(connector.snapshot("gossip"))
    assert bench.vendor in connector.check()


@on(READERS)
def test_a_reader_resumes_by_its_cursor(bench: Bench) -> None:
    """S6: what was read is not read again, what came later is, and a repeated poll repeats ids and loses nothing."""
    assert bench.case.stream is not None
    bench.grow(0, 1)
    first = bench.connector.poll(bench.case.stream, None)
    assert len(first.events) >= 2 and not first.rejected and not first.more and len(first.seen) >= len(first.events)
    again = bench.connector.poll(bench.case.stream, None)
    assert [event.id for event in again.events] == [event.id for event in first.events]
    bench.grow(2)
    second = bench.fresh().poll(bench.case.stream, first.cursor)
    assert len(second.events) == 1 and second.events[0].id not in {event.id for event in first.events}
    third = bench.connector.poll(bench.case.stream, second.cursor)
    assert not third.events and not third.more


@on([name for name in READERS if CASES[name].again])
def test_two_changes_in_one_tick_are_two_events(bench: Bench) -> None:
    """E1, N4: what changed again before the source's clock ticked is no duplicate, though its time is the same; read
    again it is one.
    """
    assert bench.case.stream is not None and bench.case.again is not None
    bench.grow(0)
    first = bench.connector.poll(bench.case.stream, None)
    bench.case.again(bench.world)
    second = bench.fresh().poll(bench.case.stream, first.cursor)
    [later] = second.events
    [earlier] = [event for event in first.events if event.subject == later.subject]
    assert later.sourceversion == earlier.sourceversion and later.id != earlier.id and later.data != earlier.data
    assert not bench.connector.poll(bench.case.stream, second.cursor).events
    assert later.id in [event.id for event in bench.connector.poll(bench.case.stream, None).events]


@on(READERS)
def test_a_reader_pages(bench: Bench) -> None:
    """S6: a small limit comes to the same events in the same order, page after page."""
    assert bench.case.stream is not None
    bench.grow(0, 1, 2, 3)
    whole = [event.id for event in bench.connector.poll(bench.case.stream, None).events]
    found: list[str] = []
    cursor, more = None, True
    while more:
        page = bench.connector.poll(bench.case.stream, cursor, limit=2)
        found += [event.id for event in page.events]
        cursor, more = page.cursor, page.more
    if bench.vendor != "workday":  # its ids name the window, which each reading from the beginning opens anew
        assert [name for name in dict.fromkeys(found)] == whole
    assert len(set(found)) == len(whole)


@on(READERS)
def test_events_are_canonical_and_exact(bench: Bench) -> None:
    """M3, M4: each event validates against its schema, names its subject and version, and holds no float anywhere."""
    assert bench.case.stream is not None
    bench.grow(0, 1)
    events = bench.connector.poll(bench.case.stream, None).events
    assert events, "a source that has grown has events"
    for event in events:
        data_of(event)
        assert event.subject.count(":") >= 1 and event.sourceversion > 0 and event.source == bench.vendor
        assert not list(floats(event.data)), event.data


@on(READERS)
def test_a_spoilt_cursor_is_told(bench: Bench) -> None:
    """N4: a cursor that is none is refused with what to do."""
    assert bench.case.stream is not None
    with pytest.raises(Misconfigured, match="reset the stream's cursor"):
        bench.connector.poll(bench.case.stream, "{broken")


@on(VENDORS)
def test_snapshots_are_json_ready_and_exact(bench: Bench) -> None:
    """C4, M4: observations have keys and fields that JSON takes, without floats."""
    bench.grow(0, 1)
    seen = list(bench.connector.snapshot(bench.case.snapshot))
    assert len(seen) >= 1 and all(one.entity == bench.case.snapshot and one.key and one.system_id for one in seen)
    for one in seen:
        json.dumps(dict(one.fields))
        assert not list(floats(dict(one.fields))) and "unreadable" not in one.fields


@pytest.mark.req("S8")
@on([name for name in READERS if CASES[name].retype])
def test_a_retyped_field_is_reported(bench: Bench) -> None:
    """S8, N4: the row with a field of another type is set aside with the field named, under the name by which it was
    seen when it could be read; its neighbours are read.
    """
    assert bench.case.stream is not None and bench.case.retype is not None
    bench.grow(0, 1)
    seen = bench.connector.poll(bench.case.stream, None).seen
    bench.world.clock.present += timedelta(seconds=40)
    path = bench.case.retype(bench.world)
    bench.world.clock.present += timedelta(seconds=5)
    page = bench.connector.poll(bench.case.stream, None)
    assert page.events
    [(source_id, raw, error)] = [one for one in page.rejected if getattr(one[2], "code", "") == "retyped-field"]
    assert isinstance(error, Unmappable) and error.path == path and path.rsplit(".", 1)[-1] in str(error)
    assert source_id in seen and json.dumps(dict(raw), default=str)


@pytest.mark.req("S8")
@on([name for name in READERS if CASES[name].extend])
def test_a_new_field_is_reported_and_the_rows_are_still_read(bench: Bench) -> None:
    """S8: a field this release does not know is reported once a page; the business goes on."""
    assert bench.case.stream is not None and bench.case.extend is not None
    before, after, path = bench.case.extend
    bench.grow(0, 1)
    bench.gate.spoils.append(Spoil(path=bench.case.read, edit=lambda body: body.replace(before, after)))
    page = bench.connector.poll(bench.case.stream, None)
    assert len(page.events) >= 2
    assert [(error.code, error.path) for _, _, error in page.rejected] == [("new-field", path)]
    bench.gate.spoils.append(Spoil(path=bench.case.read, edit=lambda body: body.replace(before, after)))
    quiet = bench.fresh(options={"ignore_fields": [path]}).poll(bench.case.stream, None)
    assert len(quiet.events) >= 2 and not quiet.rejected


@on(WRITERS)
def test_writing_twice_is_writing_once(bench: Bench) -> None:
    """E1: the same change again, from another connector even, makes nothing new and answers the same object."""
    first, second = bench.deliver(bench.change()), list(bench.fresh().deliver([bench.change()]))
    assert isinstance(first[0], Acknowledgement) and isinstance(second[0], Acknowledgement)
    assert first[0].system_id == second[0].system_id and bench.count() == 1


@on(WRITERS)
def test_one_bad_change_fails_alone(bench: Bench) -> None:
    """E7: answers keep the order of the changes; the bad one between good ones has its own error."""
    assert bench.case.bad is not None
    answers = bench.deliver(bench.change(1), bench.case.bad, bench.change(2))
    assert [isinstance(answer, Acknowledgement) for answer in answers] == [True, False, True]
    assert answers[1].code == bench.case.bad_code and bench.count() == 2
    assert answers[0].system_id != answers[2].system_id


@on([name for name in WRITERS if CASES[name].http])
def test_a_lost_answer_is_in_doubt_and_then_found(bench: Bench) -> None:
    """E1: the vendor did it and its answer was lost: in doubt with the change's key, found on asking, written once."""
    method, path = bench.case.write
    bench.gate.spoils.append(Spoil(method=method, path=path, after_work=True))
    [answer] = bench.deliver(bench.change())
    assert isinstance(answer, OutcomeUnknown) and answer.key == bench.change().key
    [found] = bench.connector.find([bench.change()])
    if found is None:  # a set-up of several parts counts once it is whole; asking first makes repeating it safe
        [found] = bench.deliver(bench.change())
    assert isinstance(found, Acknowledgement) and bench.count() == 1
    assert bench.connector.find([bench.change()]) == [
        replace(found, created=None, answer=bench.connector.find([bench.change()])[0].answer)
    ]  # type: ignore[union-attr]


@on([name for name in WRITERS if CASES[name].http])
def test_a_write_that_never_arrived_is_not_found(bench: Bench) -> None:
    """E1: the connection broke before the work: in doubt as well, and asking says that nothing is there."""
    method, path = bench.case.write
    bench.gate.spoils.append(Spoil(method=method, path=path))
    [answer] = bench.deliver(bench.change())
    assert isinstance(answer, OutcomeUnknown)
    assert bench.connector.find([bench.change()]) == [None] and bench.count() == 0


@on([name for name in WRITERS if CASES[name].http])
def test_an_unreadable_answer_to_a_write_is_in_doubt(bench: Bench) -> None:
    """N4: a write answered with something else than the vendor's format may have happened."""
    method, path = bench.case.write
    if bench.vendor == "netsuite":
        path = "/async/v1/job/"
        method = "GET"
    bench.gate.spoils.append(
        Spoil(200, b"<html>proxy error</html>", method=method, path=path, after_work=True, times=9)
    )
    [answer] = bench.deliver(bench.change())
    assert isinstance(answer, OutcomeUnknown)


@on([name for name in WRITERS if CASES[name].refusal])
def test_a_refusal_has_a_stable_code_and_the_field(bench: Bench) -> None:
    """S6: the vendor's error body becomes Rejected with a code that groups and the field it disliked."""
    assert bench.case.refusal is not None
    status, body, code, field = bench.case.refusal
    method, path = bench.case.write
    bench.gate.spoils.append(Spoil(status, body, method=method, path=path))
    [answer] = bench.deliver(bench.change())
    assert isinstance(answer, Rejected) and (answer.code, answer.field) == (code, field)


@on([name for name in HTTP])
def test_throttling_says_until_when(bench: Bench) -> None:
    """S7: the vendor's own way of saying too many calls becomes a moment to wait for."""
    bench.read()  # a session is open, so the next call is the throttled one
    bench.arm("throttled")
    with pytest.raises(RateLimited) as caught:
        bench.read()
    assert caught.value.until > bench.world.clock.now()


@on([name for name in HTTP])
@pytest.mark.parametrize(
    ("header", "value", "seconds"),
    [
        ("retry-after", "7", 7),
        ("retry-after", "Wed, 18 Nov 2026 10:00:09 GMT", 9),
        ("x-retry-after", str(int(START.timestamp() * 1000) + 5000), 5),
    ],
)
def test_retry_after_in_every_spelling(bench: Bench, header: str, value: str, seconds: int) -> None:
    """S7: seconds, a date or epoch milliseconds, taken relative to the server's own clock."""
    bench.gate.spoils.append(
        Spoil(429, b"{}", {header: value, "date": "Wed, 18 Nov 2026 10:00:00 GMT"}, path=bench.case.read)
    )
    with pytest.raises(RateLimited) as caught:
        bench.read()
    assert caught.value.until - bench.world.clock.now() == timedelta(seconds=seconds)


@on([name for name in HTTP])
def test_an_outage_is_passing(bench: Bench) -> None:
    """E3: a server error while reading is worth another try."""
    bench.gate.spoils.append(Spoil(503, b"<html>down for maintenance</html>", path=bench.case.read))
    with pytest.raises(Retriable):
        bench.read()
    bench.read()


@on([name for name in WRITERS if CASES[name].http])
def test_an_outage_while_writing_is_passing(bench: Bench) -> None:
    """E3: 503 says that nothing was done; the next try makes exactly one."""
    method, path = bench.case.write
    bench.gate.spoils.append(Spoil(503, b"{}", method=method, path=path))
    assert isinstance(bench.deliver(bench.change())[0], Retriable)
    assert isinstance(bench.deliver(bench.change())[0], Acknowledgement) and bench.count() == 1


@on([name for name in HTTP])
def test_a_lost_answer_to_a_read_is_passing(bench: Bench) -> None:
    """E3: a read may be repeated, so a broken connection is no doubt."""
    bench.gate.spoils.append(Spoil(path=bench.case.read))
    with pytest.raises(Retriable):
        bench.read()


@on([name for name in HTTP])
def test_nobody_at_the_address(bench: Bench) -> None:
    """N4: a system that is down is said to be down, with its address."""
    bench.world.address = "http://127.0.0.1:9"
    with pytest.raises(Retriable, match="is it up"):
        bench.fresh().check()


@on([name for name in HTTP])
def test_a_payload_that_is_none(bench: Bench) -> None:
    """N4: an answer of 200 that is no answer is a fault with a name, not a crash and not an empty page."""
    bench.gate.spoils.append(Spoil(200, b"<html>welcome to the proxy</html>", path=bench.case.read))
    with pytest.raises(Unmappable):
        bench.read()


@pytest.mark.req("S8")
@on([name for name in HTTP])
def test_an_answer_of_another_shape(bench: Bench) -> None:
    """S8: valid JSON (or XML) of another shape is reported too."""
    bench.gate.spoils.append(
        Spoil(200, b"<a/>" if bench.vendor == "workday" else b'{"totalSize": 1}', path=bench.case.read)
    )
    with pytest.raises(Unmappable):
        bench.read()


@on([name for name in HTTP])
def test_no_secret_in_any_message(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """G3: refused credentials name the credential, never its value; nor does a repr or a log line."""
    caplog.set_level(1)
    secret = "hunter2-hunter2-hunter2"
    name = next(key for key in bench.case.credentials if key in ("token", "client_secret", "password"))
    connector = bench.fresh(**{name: secret})
    with pytest.raises(Misconfigured) as caught:
        connector.check()
    echo = bench.fresh()
    bench.gate.spoils.append(Spoil(400, f'{{"error": "you sent {SECRET}"}}'.encode(), times=9))
    with pytest.raises(TieoutError) as echoed:
        echo.check()
    errors = f"{caught.value} {caught.value!r} {echoed.value} {echoed.value!r}"
    shown = f"{errors} {connector!r} {connector.__dict__} {connector.config!r}"
    assert secret not in shown and SECRET not in shown
    assert secret not in caplog.text and SECRET not in caplog.text


@on([name for name in HTTP])
def test_a_missing_credential_is_named(bench: Bench) -> None:
    """N4: without its credential a connector says which one to set."""
    with pytest.raises(Misconfigured, match="is not set"):
        bench.fresh(**dict.fromkeys(bench.case.credentials, "")).check()


@on([name for name in HTTP])
def test_trace_context_arrives(bench: Bench) -> None:
    """E2: the vendor sees the trace of the run that calls it."""
    provider = TracerProvider()
    with trace.use_span(provider.get_tracer("test").start_span("run")) as span:
        bench.read()
    seen = {headers.get("traceparent", "") for _, path, headers, _ in bench.gate.calls if bench.case.read in path}
    assert seen and all(format(span.get_span_context().trace_id, "032x") in value for value in seen)


@on(WRITERS)
def test_state_shows_what_is_and_what_would_be(bench: Bench) -> None:
    """E4: a preview has the target's present fields beside the wanted ones, by the same names, and writes nothing."""
    before = bench.connector.state(bench.change())
    assert before.current is None and before.ack is None and before.wanted and bench.count() == 0
    [ack] = bench.deliver(bench.change())
    after = bench.connector.state(bench.change())
    assert after.current is not None and set(after.current) <= set(after.wanted) and after.ack is not None
    assert after.ack.system_id == ack.system_id and not list(floats(dict(after.current)))


@on(
    [name for name in HTTP if name != "workday"]
)  # each of its calls carries the credentials: there is no session to expire
def test_an_expired_session_is_renewed_once(bench: Bench) -> None:
    """S6: a session that ended is opened again without anybody noticing, where the vendor has sessions."""
    bench.read()
    expired = Spoil(401, b"[]", path=bench.case.read)
    bench.gate.spoils.append(expired)
    bench.read()
    assert expired.times == 0, "the refusal was met, and the call made again"


@on([name for name in VENDORS if name not in WRITERS])
def test_a_read_only_source_refuses_writes(bench: Bench) -> None:
    """S6: a source that takes no writes says so, and has no bulk limit."""
    assert not bench.connector.bulk_limit
    [answer] = bench.connector.deliver([Change("upsert", "customer", "C-1", "key-1", {})])
    assert isinstance(answer, Misconfigured) and bench.connector.find(
        [Change("upsert", "customer", "C-1", "key-1", {})]
    ) == [None]


def floats(value: object) -> Iterator[float]:
    """Every float in a JSON-like value."""
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from floats(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from floats(item)


def test_the_float_detector_detects() -> None:
    """The helper above is able to fail."""
    assert list(floats({"a": [1, Decimal("1.5"), {"b": 1.5}]})) == [1.5]


@pytest.mark.req("S10", "C4")
@on([name for name in VENDORS if hasattr(connector_of(name), "changing")])
def test_what_changed_is_told_and_counted(bench: Bench) -> None:
    """S10: asked for what changed since the beginning, a connector tells what it tells when asked for everything, and
    counts as much; since a moment to come nothing changed, or only a reading of everything can tell.
    """
    bench.grow(0, 1)
    connector: Any = bench.connector
    for entity in connector.changing:
        whole = {one.system_id: one for one in connector.snapshot(entity)}
        changed = connector.changed(entity, datetime(2000, 1, 1, tzinfo=UTC))
        assert {one.system_id: one for one in changed} == whole
        assert connector.counted(entity) == len(whole)
        later = connector.changed(entity, bench.world.clock.present + timedelta(hours=1))
        assert later is None or not list(later)
