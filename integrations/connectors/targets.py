"""The writing half that is the same for every vendor: a bad change fails alone, answers keep their order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from integrations.connectors.rows import exact, mapped
from integrations.contracts.connector import Answer, Change, Observation
from models.domain.errors import Misconfigured, TieoutError

T = TypeVar("T")


def body_of(change: Change) -> Mapping[str, Any]:
    """A change's body as JSON-ready canonical fields."""
    return change.body if isinstance(change.body, Mapping) else change.body.model_dump(mode="json")


def only(name: str, known: Collection[str], system: str) -> str:
    """A stream or entity that the connector has; raises Misconfigured naming those it has."""
    if name not in known:
        raise Misconfigured(f"{system} has no {name!r}: it has {', '.join(known) or 'none'}")
    return name


def unable(change: Change, able: Collection[tuple[str, str]], system: str) -> Misconfigured | None:
    """Why this target cannot take a change, or None."""
    if (change.action, change.entity) in able:
        return None
    can = ", ".join(f"{action} {entity}" for action, entity in able)
    return Misconfigured(
        f"{system} cannot {change.action} a {change.entity}: it takes {can or 'no writes'}; "
        "name another role in the flow"
    )


def holds(current: Mapping[str, Any] | None, wanted: Mapping[str, Any]) -> bool:
    """Whether a target's fields are what a change would write; 5 and "5.00" are the same number."""
    return current is not None and all(_same(current.get(name), value) for name, value in wanted.items())


def aligned(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A target's fields among the wanted ones; a value that means the same is spelt as wanted, so that a preview shows
    no difference.
    """
    held = {name: current.get(name) for name in wanted}
    return {name: wanted[name] if _same(value, wanted[name]) else value for name, value in held.items()}


def answers_of(
    changes: Sequence[Change],
    able: Collection[tuple[str, str]],
    system: str,
    record: Callable[[Change], T],
    write: Callable[[Sequence[T], Sequence[str]], Sequence[Answer]],
) -> list[Answer]:
    """One answer per change, in order: records are made first, so that a change that cannot be mapped is never sent."""
    answers: dict[int, Answer] = {}
    ready: list[tuple[int, T]] = []
    for place, change in enumerate(changes):
        made = tried(change, able, system, record)
        if isinstance(made, TieoutError):
            answers[place] = made
        else:
            ready.append((place, made))
    if ready:
        answers |= zip(
            (place for place, _ in ready),
            write([item for _, item in ready], [changes[place].key for place, _ in ready]),
            strict=True,
        )
    return [answers[place] for place in range(len(changes))]


def tried(
    change: Change, able: Collection[tuple[str, str]], system: str, record: Callable[[Change], T]
) -> T | TieoutError:
    """The record of a change, or why there is none."""
    if (refusal := unable(change, able, system)) is not None:
        return refusal
    try:
        return record(change)
    except (TieoutError, ValidationError) as error:
        return mapped(error)


def unreadable(
    entity: str, raw: Mapping[str, Any], name: str, make: Callable[[Mapping[str, Any]], Observation]
) -> Observation:
    """The observation of a row, or one that says which field could not be read: a snapshot never stops at a bad row
    (S8).
    """
    try:
        return make(raw)
    except Exception as error:  # noqa: BLE001  what no mapping foresaw is a fault of this row alone
        fault = mapped(error)
        source_id = str(raw.get(name))
        return Observation(
            entity, source_id, source_id, {"unreadable": getattr(fault, "path", name), "error": str(fault)}
        )


def _same(held: Any, wanted: Any) -> bool:
    if held == wanted:
        return True
    numbers = [
        exact(str(value)) if not isinstance(value, bool) and value is not None else None for value in (held, wanted)
    ]
    return numbers[0] is not None and numbers[0] == numbers[1]
