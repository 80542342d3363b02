"""Playing a dialogue: the connector makes the recorded calls again, before a server that answers as the vendor did."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import Any

from opentelemetry import trace

from integrations.contracts.conformance.asking import Outcome, ask
from integrations.contracts.conformance.dialogue import ADDRESS, FOLDER, Dialogue, placed
from integrations.contracts.conformance.exchange import MATCHED, Exchange, Request, Response, dump, load, read_body
from integrations.contracts.conformance.loopback import served
from integrations.contracts.connector import Connector, SystemConfig
from models.domain.clock import Clock

Maker = Callable[[SystemConfig, Clock], Connector]
TRACE = trace.SpanContext(0x5EC0DED, 0x7EAD, is_remote=False, trace_flags=trace.TraceFlags(1))


@dataclass
class HeldClock:
    """A clock that stands still until it is moved."""

    present: datetime = datetime(2000, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.present


@dataclass(frozen=True, slots=True)
class Heard:
    """A call that reached the player: the recorded part of it, and all of its headers."""

    request: Request
    headers: Mapping[str, str]


@dataclass
class Player:
    """Answers each exchange of the present turn once, in whatever order it is asked; anything else is answered 501."""

    heard: list[Heard] = field(default_factory=list)
    strange: list[Request] = field(default_factory=list)
    waiting: list[Exchange] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response | None:
        """The recorded answer to a call; None where the connection broke."""
        matched = {name: headers[name] for name in MATCHED if name in headers}
        request = Request(method, path, matched, read_body(body))
        with self._lock:
            self.heard.append(Heard(request, headers))
            found = next((one for one in self.waiting if one.request == request), None)
            if found is None:
                self.strange.append(request)
                return Response(501, body={"text": "this was never recorded"})
            self.waiting.remove(found)
        return found.response


@dataclass
class Played:
    """What came of a dialogue. `faults` are sentences about the playing itself, `said` all that people could read:
    errors, representations and log lines.
    """

    name: str
    dialogue: Dialogue
    config: SystemConfig
    connector: Connector
    outcomes: list[Outcome] = field(default_factory=list)
    wanted: list[Any] = field(default_factory=list)
    heard: Sequence[Heard] = ()
    faults: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def play(make: Maker, path: Path) -> Played:
    """One dialogue from its first turn to its last, with one connector. Raises ValueError when the file holds none."""
    dialogue, player, clock = Dialogue.read(path), Player(), HeldClock()
    with served(player.answer) as address, tempfile.TemporaryDirectory() as folder, _logged() as lines:
        places = {ADDRESS: address, FOLDER: folder}
        config = dialogue.config(address, places)
        with trace.use_span(trace.NonRecordingSpan(TRACE)):
            for turn in dialogue.turns[:1]:
                turn.lay(Path(folder))  # a connector of files may read some when it is made
            played = Played(path.stem, dialogue, config, make(config, clock), heard=player.heard)
            for number, turn in enumerate(dialogue.turns):
                clock.present = turn.at
                turn.lay(Path(folder))
                # As one JSON value, so that requests differ by what they say and not by how it is spelt.
                player.waiting = [Exchange.parse(load(dump(placed(one.plain(), places)))) for one in turn.exchanges]
                player.strange = []
                played.outcomes.append(_asked(played, placed(turn.call, places)))
                played.wanted.append(placed(turn.gives, places))
                played.faults += _unlike(played.name, number, player)
            played.connector.close()
        played.said += [repr(played.connector), repr(played.config), *lines]
    return played


def _asked(played: Played, call: Mapping[str, Any]) -> Outcome:
    try:
        outcome = ask(played.connector, call)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the suite but be named by it
        played.faults.append(f"{played.name}: {call['call']} raised {type(error).__name__}, no error of ours: {error}")
        outcome = Outcome(error, {"crashed": type(error).__name__})
    errors = [outcome.value] if isinstance(outcome.value, Exception) else _within(outcome.value)
    played.said += [f"{error} {error!r}" for error in errors]
    return outcome


def _within(value: Any) -> list[Exception]:
    """The errors that stand among a call's answers."""
    rejected = [one[2] for one in getattr(value, "rejected", ())]
    return [one for one in value if isinstance(one, Exception)] if isinstance(value, list) else rejected


def _unlike(name: str, number: int, player: Player) -> Iterator[str]:
    for request in player.strange:
        yield f"{name}: turn {number} asked {request}, which was not recorded"
    for exchange in player.waiting:
        yield f"{name}: turn {number} did not ask {exchange.request}, as recorded"


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Every log line of the block."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
