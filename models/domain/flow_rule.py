"""How the telemetry of flows that run elsewhere is read: which spans and logs tell of a run, and what of it (C9).

A rule has readings, and the first that a span or a log fits says what it is: a whole run, its beginning, its end, or
a step of it. Each reading names, for every thing that can be told, the sources of which the first with a value counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

Signal = Literal["spans", "logs"]
Tells = Literal["run", "begin", "end", "step"]

TOLD = (
    "instance",
    "flow",
    "run",
    "step",
    "attempt",
    "key",
    "amount",
    "currency",
    "legal_entity",
    "error",
    "code",
    "retry_of",
)
"""What sources may tell. `instance` parts two engines of one service; `key` is the business key, `retry_of` a run."""

Own = Literal["name", "body", "status", "event", "service", "scope", "trace", "span", "exception", "exception_type"]
OWN = get_args(Own)
"""What a span or a log has beside attributes; an exception is the last of a span's events of that name."""

_BODY = re.compile(r"\w+(\.\w+|\[\d+\])*")
_SOURCE = re.compile(r"(?P<kind>@|=|resource:|baggage:|body:|)(?P<name>.*?)(?: ~ (?P<pattern>.+))?", re.S)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value is: in an attribute (`kind` is empty), a resource's attribute, the baggage, a field of a JSON body,
    in what the item has itself (`@`), or said by the rule (`=`). With a `pattern` its first group is the value, or all
    that it fits.
    """

    kind: str
    name: str
    pattern: str | None = None


def source(text: str) -> Source:
    """The source that a text names: `order.id`, `resource:tenant`, `baggage:order`, `body:order.id`, `=EUR`,
    `@name ~ Run:(.+)`.

    Raises ValueError, with what to write, for a text that names none.
    """
    found = _SOURCE.fullmatch(text)
    kind, name = (found["kind"], found["name"].strip()) if found else ("", "")
    if found is None or not name or '"' in name or "\\" in name:
        raise ValueError(f"{text!r} names no source: give an attribute, resource:NAME, baggage:KEY, body:PATH or =TEXT")
    if kind == "@" and name not in OWN:
        raise ValueError(f"{text!r} is nothing that a span or a log has: use one of @{', @'.join(OWN)}")
    if kind == "body:" and not _BODY.fullmatch(name):
        raise ValueError(f"{text!r} is no path in a JSON body: give names and numbers, such as body:order.lines[0].id")
    if found["pattern"]:
        _compiled(found["pattern"])
    return Source(kind, name, found["pattern"])


def _compiled(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression ({error})") from error


@dataclass(frozen=True, slots=True)
class Reading:
    """What fits every condition (an empty one asks for nothing) `tells` of a run.

    `names`, `services`, `scopes` and `events` are patterns of a file's kind (`*`, `?`). An item of which an attribute
    in `failed` has one of these values has failed, as a span does with the status error and a log from severity 17;
    of one of which an attribute in `waiting` has one, the run goes on later. `fails`: all that fits has failed.
    `decides`: a step that failed at its last attempt has failed its run, of which nothing else says so.
    """

    tells: Tells
    signal: Signal = "spans"
    names: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waiting: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    told: Mapping[str, tuple[Source, ...]] = field(default_factory=dict)
    fails: bool = False
    decides: bool = False


@dataclass(frozen=True, slots=True)
class FlowRule:
    """How one engine's telemetry is read. Its flows are called `<name>/<flow>`; those without an entry in the catalogue
    are of this owner and may take `service_level` seconds.

    `page` is where its engine shows a run, with {run}, {flow} or {trace} in it. `replayed`: an endpoint is registered
    that runs again what failed, and after which a success is to be heard of within `replay_within` seconds, by default
    the service level. `sampled`: not all of its traces come, so that what is missing proves nothing.
    """

    name: str
    readings: tuple[Reading, ...]
    owner: str = "integration"
    service_level: float = 86_400.0
    runbook: str = ""
    page: str = ""
    replayed: bool = False
    replay_within: float | None = None
    sampled: bool = False
    active: bool = True
