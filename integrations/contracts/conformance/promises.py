"""What a connector promises, asked of a dialogue that was played; each breach is a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from integrations.contracts.conformance.exchange import dump, load
from integrations.contracts.conformance.playing import TRACE, Played
from integrations.contracts.connector import Named, Observation, Page, TargetState
from models.canonical.events import data_of
from models.domain.errors import TieoutError
from models.domain.outcomes import Acknowledgement


def breaches(played: Played) -> Iterator[str]:
    """Everything that one dialogue shows to be broken."""
    for promise in (_same_outcomes, _traced, _secretive, _exact, _resumes, _reads_alike, _writes_once, _answers_each):
        yield from (f"{played.name}: {said}" for said in promise(played))


def _same_outcomes(played: Played) -> Iterator[str]:
    for number, (outcome, wanted) in enumerate(zip(played.outcomes, played.wanted, strict=True)):
        try:
            now = load(dump(outcome.plain))
        except TypeError as error:
            yield f"turn {number} gives what JSON has no word for: {error}"
            continue
        for path, before, after in _differences(load(dump(wanted)), now):
            yield f"turn {number} gave {before} at {path or 'its answer'} when recorded, and gives {after}"


def _traced(played: Played) -> Iterator[str]:
    """E2: the vendor sees the trace of the run that calls it."""
    trace = format(TRACE.trace_id, "032x")
    for heard in played.heard:
        if trace not in heard.headers.get("traceparent", ""):
            yield f"{heard.request.method} {heard.request.path} carries no trace context of the span that called"


def _secretive(played: Played) -> Iterator[str]:
    """G3: a credential is in no address and in nothing that people read."""
    for name, value in played.config.credentials.items():
        if any(value in heard.request.path for heard in played.heard):
            yield f"credential {name} is sent in an address, which proxies and servers log"
        if any(value in text for text in played.said):
            yield f"credential {name} shows in an error, a representation or a log line"


def _exact(played: Played) -> Iterator[str]:
    """M3, M4, S8: events and observations are canonical, named, ready for JSON, and hold no float."""
    for outcome in played.outcomes:
        for path in _floats(outcome.plain):
            yield f"{path} is a float: money and hours are exact numbers as text"
        for event in outcome.value.events if isinstance(outcome.value, Page) else ():
            try:
                data_of(event)
            except (TieoutError, ValidationError) as error:
                yield f"event {event.id} is not canonical: {error}"
            if event.source.split("/")[0].split(":")[0] != played.config.name or ":" not in event.subject:
                yield f"event {event.id} does not say where it is from: source {event.source}, subject {event.subject}"
        for seen in _all_of(outcome.value, Observation):
            if not seen.key or not seen.system_id:
                yield f"observation {seen.entity} {seen.system_id!r} has no key or no id"


def _resumes(played: Played) -> Iterator[str]:
    """S6: the same cursor gives the same events, a page names none twice, and a page that has more moves on."""
    read: dict[tuple[str, str | None], set[str]] = {}
    for call, outcome in calls(played, "poll"):
        if not isinstance(outcome.value, Page):
            continue
        ids = [event.id for event in outcome.value.events]
        if len(set(ids)) < len(ids):
            yield f"a page of {call['stream']} names an event twice"
        place = (call["stream"], call["cursor"])
        if not read.setdefault(place, set(ids)) <= set(ids):
            yield f"{call['stream']} read again from the same cursor lost events"
        if outcome.value.more and outcome.value.cursor == call["cursor"]:
            yield f"{call['stream']} says that there is more and does not move on"


def _reads_alike(played: Played) -> Iterator[str]:
    """C3: what a webhook names is of a stream that there is; a record read for it is the event that a poll gives."""
    polled = {
        (call["stream"], event.id): event
        for call, outcome in calls(played, "poll")
        if isinstance(outcome.value, Page)
        for event in outcome.value.events
    }
    for call, outcome in calls(played, "read"):
        for event in outcome.value.events if isinstance(outcome.value, Page) else ():
            known = polled.get((call["stream"], event.id))
            if known is not None and known.model_dump() != event.model_dump():
                yield f"event {event.id} reads otherwise than a poll of {call['stream']} gives it"
    for named in (one for _, outcome in calls(played, "named") for one in _all_of(outcome.value, Named)):
        if named.stream not in played.connector.streams or not named.id:
            yield f"a webhook names {named.id!r} of {named.stream}, which is no stream of the connector"


def _writes_once(played: Played) -> Iterator[str]:
    """E1: a change delivered twice answers the same object and makes nothing new; what was written is found."""
    written: dict[str, str] = {}
    for call, outcome in calls(played, "deliver", "find"):
        for change, answer in zip(call["changes"], _listed(outcome.value), strict=False):
            key = change["key"]
            if isinstance(answer, Acknowledgement):
                if written.setdefault(key, answer.system_id) != answer.system_id:
                    yield f"the change {key} answers as {answer.system_id} and before as {written[key]}"
            elif answer is None and key in written:
                yield f"the change {key} was acknowledged and is not found"


def _answers_each(played: Played) -> Iterator[str]:
    """E7: one answer a change, in order; a preview shows the target's fields under the names it would write."""
    for call, outcome in calls(played, "deliver", "find"):
        if isinstance(outcome.value, list) and len(outcome.value) != len(call["changes"]):
            yield f"{call['call']} of {len(call['changes'])} changes gave {len(outcome.value)} answers"
        for answer in _listed(outcome.value):
            if answer is not None and not isinstance(answer, Acknowledgement | TieoutError):
                kind = type(answer).__name__
                yield f"{call['call']} answered {kind}: neither an acknowledgement nor an error of ours"
    for state in (state for outcome in played.outcomes for state in _all_of(outcome.value, TargetState)):
        if state.current is not None and not set(state.current) <= set(state.wanted):
            yield f"state shows fields that would not be written: {sorted(set(state.current) - set(state.wanted))}"


def calls(played: Played, *kinds: str) -> Iterator[tuple[Any, Any]]:
    """The calls of these kinds, each with what it came to."""
    turns = zip(played.dialogue.turns, played.outcomes, strict=True)
    return ((turn.call, outcome) for turn, outcome in turns if turn.call["call"] in kinds)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _all_of(value: Any, kind: type) -> list[Any]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, kind)]


def errors(played: Played) -> Iterator[Exception]:
    """The errors that calls raised or gave as answers."""
    for outcome in played.outcomes:
        yield from _all_of(outcome.value, Exception)


def _floats(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, float):
        yield path
    for name, item in _items(value):
        yield from _floats(item, f"{path}.{name}" if path else name)


def _differences(before: Any, after: Any, path: str = "") -> Iterable[tuple[str, str, str]]:
    """Where two JSON values differ: the path and both sides, short enough to read."""
    if before == after:
        return
    if type(before) is not type(after) or not isinstance(before, dict | list):
        yield path, _short(before), _short(after)
        return
    mine, theirs = dict(_items(before)), dict(_items(after))
    for name in dict.fromkeys([*mine, *theirs]):
        yield from _differences(
            mine.get(name, "nothing"), theirs.get(name, "nothing"), f"{path}.{name}" if path else name
        )


def _items(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(str(name), item) for name, item in value.items()]
    return [(str(n), item) for n, item in enumerate(value)] if isinstance(value, list) else []


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 200 else f"{text[:200]}…"
