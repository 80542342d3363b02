"""`python -m tests.record_exchanges [vendor …]`: record the dialogues of `integrations/connectors/<vendor>/exchanges`
anew, from the emulators. What changes is what a review should read; the suite holds each connector to them.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from integrations.connectors.directory import connector_of, vendors
from integrations.contracts.conformance import Recorder
from integrations.contracts.conformance.asking import plain_change
from integrations.contracts.conformance.dialogue import FOLDER, stand_in
from integrations.sandbox.faults.conditions import Condition, Conditions
from integrations.sandbox.gateway import Gateway
from integrations.sandbox.serving import served
from tests.contract.connectors.cases import CASES, SECRET, Case, World
from tests.contract.connectors.gate import Gate, Spoil
from tests.contract.connectors.writes import FURNISH, WRITES


@dataclass
class Stage:
    """A vendor's emulator, what can go wrong before it, and the connector whose calls are kept."""

    vendor: str
    case: Case
    world: World
    gate: Gate
    conditions: Conditions
    recorder: Recorder
    laid: dict[str, str] = field(default_factory=dict)

    def later(self, seconds: float = 1) -> None:
        self.world.clock.present += timedelta(seconds=seconds)

    def ask(self, call: str, **arguments: Any) -> Any:
        for path in sorted(self.world.folder.glob("*.*")):
            if self.laid.get(path.name) != (text := path.read_text()):
                self.laid[path.name] = text
                self.recorder.lay(path.name, text)
        return self.recorder.ask(call, **arguments)

    def write(self, *changes: Mapping[str, Any]) -> None:
        """A preview, the write, the same write again, and looking for it."""
        self.ask("state", change=changes[0])
        for call in ("deliver", "deliver", "find"):
            self.later()
            self.ask(call, changes=changes)

    def grow(self, *numbers: int) -> None:
        """Changes at the source, a second apart."""
        for n in numbers:
            self.later()
            self.case.grow(self.world, n)
        self.later(5)

    def read(self) -> None:
        """One reading call of whatever kind the connector has."""
        if self.case.stream:
            self.ask("poll", stream=self.case.stream, cursor=None)
        else:
            self.ask("snapshot", entity=self.case.snapshot)


Script = Callable[[Stage], None]
LAID = ("invoices", "invoice_book")
"""Streams of what the vendor makes itself, which no growth at the source shows."""


def check(stage: Stage) -> None:
    stage.ask("check")


def reading(stream: str) -> Script:
    """The same reading twice, then on from its cursor with something new, then with nothing new."""

    def script(stage: Stage) -> None:
        if stream in LAID:
            FURNISH[stage.vendor](stage.world)
        stage.grow(0, 1)
        first = stage.ask("poll", stream=stream, cursor=None)
        stage.ask("poll", stream=stream, cursor=None)
        stage.grow(2)
        second = stage.ask("poll", stream=stream, cursor=first["cursor"])
        stage.ask("poll", stream=stream, cursor=second["cursor"])

    return script


def paging(stage: Stage) -> None:
    """A small limit, page after page."""
    stage.grow(0, 1, 2)
    cursor, more = None, True
    while more:
        page = stage.ask("poll", stream=stage.case.stream, cursor=cursor, limit=1)
        cursor, more = page["cursor"], page["more"]


def spoilt(stage: Stage) -> None:
    """A row with a field of another type, beside one that can be read."""
    assert stage.case.retype is not None
    stage.grow(0, 1)
    stage.later(35)
    stage.case.retype(stage.world)
    stage.later(5)
    stage.ask("poll", stream=stage.case.stream, cursor=None)


def snapshots(stage: Stage) -> None:
    """Everything that there is, written by the connector itself or grown at the source."""
    stage.grow(0)
    FURNISH.get(stage.vendor, lambda world: None)(stage.world)
    changes = [plain_change(change) for change in WRITES.get(stage.vendor, ())]
    for change in changes:
        stage.ask("deliver", changes=[change])
    stage.later(5)
    for entity in connector_of(stage.vendor)(stage.case.config(stage.vendor, stage.world), stage.world.clock).snapshots:
        stage.ask("snapshot", entity=entity)


def writing(stage: Stage) -> None:
    """Each kind of write, once and again."""
    FURNISH.get(stage.vendor, lambda world: None)(stage.world)
    for change in WRITES[stage.vendor]:
        stage.write(plain_change(change))


def refused(stage: Stage) -> None:
    """A write the vendor refuses between two that it takes."""
    case = stage.case
    assert case.change and case.bad and case.refusal
    status, body, _, _ = case.refusal
    method, path = case.write
    stage.ask("deliver", changes=[plain_change(one) for one in (case.change(1), case.bad, case.change(2))])
    stage.gate.spoils.append(Spoil(status, body, {"content-type": "application/json"}, method=method, path=path))
    stage.ask("deliver", changes=[plain_change(case.change(3))])


def lost(stage: Stage) -> None:
    """An answer that never came, and what looking for the write finds; then one that never arrived."""
    assert stage.case.change
    method, path = stage.case.write
    for n, after_work in ((1, True), (2, False)):
        change = plain_change(stage.case.change(n))
        stage.gate.spoils.append(Spoil(method=method, path=path, after_work=after_work))
        for call in ("deliver", "find", "deliver"):
            stage.ask(call, changes=[change])


def throttled(stage: Stage) -> None:
    """Too many calls, in the vendor's own words."""
    stage.grow(0)
    stage.read()
    stage.conditions.arm(Condition(stage.vendor, "throttled"))
    stage.read()
    stage.later(10)
    stage.read()


def outage(stage: Stage) -> None:
    """The vendor is down, its proxy answers, a session ends, an answer gets lost."""
    html = {"content-type": "text/html"}
    stage.grow(0)
    stage.read()
    for spoil in (
        Spoil(503, b"<html>down for maintenance</html>", html, path=stage.case.read),
        Spoil(200, b"<html>welcome to the proxy</html>", html, path=stage.case.read),
        Spoil(401, b"[]", {"content-type": "application/json"}, path=stage.case.read),
        Spoil(path=stage.case.read),
    ):
        stage.gate.spoils.append(spoil)
        stage.read()


def scripts(vendor: str, case: Case, streams: Sequence[str]) -> Iterator[tuple[str, Script]]:
    """File name -> script."""
    yield "check", check
    yield "snapshots", snapshots
    yield from ((f"poll-{stream}", reading(stream)) for stream in streams)
    if case.stream:
        yield "pages", paging
    if case.retype:
        yield "spoilt", spoilt
    if case.change:
        yield "writes", writing
    if case.refusal:
        yield "refused", refused
    if case.http:
        yield "throttled", throttled
        yield "outage", outage
        if case.change:
            yield "lost", lost


@contextmanager
def staged(vendor: str, about: str) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory() as empty:
        world = World(folder=Path(empty))
        case, conditions = CASES[vendor], Conditions()
        gate = Gate(Gateway(world.vendors.by_prefix(), world.ledger, conditions, world.clock))
        with served(gate) as address:  # type: ignore[arg-type]
            world.address = address
            case.prepare(world)
            given = case.config(vendor, world)
            if not case.http:
                laid = {"folder": FOLDER, "mapping": f"{FOLDER}/map.toml", "results": f"{FOLDER}/results"}
                given = replace(given, base_url="", options=laid)
            known = {name: value if value == SECRET else stand_in(name) for name, value in given.credentials.items()}
            config = replace(given, credentials=known)
            with Recorder(connector_of(vendor), config, world.clock, about) as recorder:
                yield Stage(vendor, case, world, gate, conditions, recorder)


def record(vendor: str) -> None:
    folder = Path(str(files(vendors()[vendor]))) / "exchanges"
    case = CASES[vendor]
    with staged(vendor, "") as stage:
        streams = connector_of(vendor)(stage.case.config(vendor, stage.world), stage.world.clock).streams
    for name, script in scripts(vendor, case, streams):
        about = (script.__doc__ or reading.__doc__ or "").strip().splitlines()[0]
        with staged(vendor, about) as stage:
            script(stage)
            stage.recorder.dialogue().write(folder / f"{name}.json")
        print(f"{vendor}/{name}: {len(stage.recorder.dialogue().turns)} calls")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or CASES:
        record(chosen)
