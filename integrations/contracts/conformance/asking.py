"""Calls of a connector as JSON, and what they come to as JSON: what a dialogue keeps of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from integrations.contracts.connector import Change, Connector, Named, Observation, Page, TargetState
from models.domain.errors import TieoutError
from models.domain.outcomes import Acknowledgement

Call = Mapping[str, Any]
"""`call` (check, poll, snapshot, deliver, find, state; named and read of one with webhooks) and its arguments."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call came to: the connector's own value or error, and the same as JSON."""

    value: Any
    plain: Any


def ask(connector: Connector, call: Call) -> Outcome:
    """Make one call; an error of ours is an answer. Raises KeyError for a call that is none."""
    try:
        value = CALLS[call["call"]](connector, call)
    except TieoutError as error:
        return Outcome(error, {"raises": _error(error)})
    return Outcome(value, plain(value))


def change_of(held: Mapping[str, Any]) -> Change:
    """A change out of its JSON. Raises TypeError for a field it does not have."""
    amount = held.get("amount")
    return Change(**{**held, "amount": None if amount is None else Decimal(str(amount))})


def plain_change(change: Change) -> dict[str, Any]:
    """A change as JSON, without what is empty; its body as canonical fields."""
    body = change.body if isinstance(change.body, Mapping) else change.body.model_dump(mode="json")
    held = {one.name: getattr(change, one.name) for one in fields(change)} | {"body": dict(body)}
    held["amount"] = None if change.amount is None else str(change.amount)
    return {name: value for name, value in held.items() if value not in (None, {})}


def plain(value: Any) -> Any:
    """A connector's answer as JSON-ready values; what is not ready for it stays as it is, for `promises` to find."""
    if isinstance(value, Page):
        return {
            "events": [event.model_dump(mode="json", exclude_none=True) for event in value.events],
            "cursor": value.cursor,
            "more": value.more,
            "rejected": [{"id": id_, "row": dict(row), **_error(error)} for id_, row, error in value.rejected],
            "seen": list(value.seen),
        }
    if isinstance(value, Observation):
        held = {one.name: plain(getattr(value, one.name)) for one in fields(value)}
        return {name: value for name, value in held.items() if name != "refs" or value}
    if isinstance(value, Acknowledgement | TargetState | Named):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Exception):
        return _error(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def _error(error: Exception) -> dict[str, Any]:
    """An error by what the engine goes by; its message is for people and may change."""
    named = {name: getattr(error, name, None) for name in ("code", "field", "path", "key", "until")}
    said = {name: str(value) for name, value in named.items() if value is not None}
    return {"error": type(error).__name__, **said}


CALLS: Mapping[str, Any] = {
    "check": lambda connector, call: connector.check(),
    "poll": lambda connector, call: connector.poll(call["stream"], call["cursor"], call.get("limit", 500)),
    "snapshot": lambda connector, call: list(connector.snapshot(call["entity"])),
    "deliver": lambda connector, call: list(connector.deliver([change_of(one) for one in call["changes"]])),
    "find": lambda connector, call: list(connector.find([change_of(one) for one in call["changes"]])),
    "state": lambda connector, call: connector.state(change_of(call["change"])),
    "named": lambda connector, call: list(connector.named(call["payload"])),
    "read": lambda connector, call: connector.read(call["stream"], call["ids"]),
}
