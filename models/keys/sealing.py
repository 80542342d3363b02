"""Labour rates, pay and contract values in JSON bodies: sealed before they are stored, opened for who works with them.

What is classified is known by name and path (`models.canonical.field_classes`). Whom it is about is said by what stands
beside it: a rate or pay is of the person that is named there, a value of the contract or project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Protocol

import orjson

from models.canonical.classification import DataClass
from models.canonical.field_classes import amount_class
from models.domain.storable import json_text
from models.keys.keyring import ERASED, PREFIX, SEALED, WORDS, Keyring, class_of_sealed
from models.keys.shapes import PLAIN, Whom, named, own_name, searched, shape
from models.keys.subject_keys import Name

CLASSES = frozenset(WORDS)
OPEN_ENTITIES = frozenset({"exchange_rate"})
"""Whose `rate` is nobody's secret."""
_DEFUSED = "enc.v1:"
"""What a foreign text is made to begin with, should it begin like a sealed value of ours."""
_QUOTED = re.compile(f'"({SEALED.pattern})"')
_SAME = frozenset({"before", "after", "data"})
"""Keys under which the whole of a thing stands, and not a part of it."""
_BODIES = 4_096
_LEAVES = frozenset({int, float, bool, type(None)})


class Sealer(Protocol):
    @property
    def bodies(self) -> dict[Any, Any]: ...

    def seal(self, name: Name, value: str, kind: DataClass) -> str: ...


def sealed(keys: Sealer, body: Any, entity: str | None, own: str | None) -> Any:
    """A copy of a JSON-ready body with every classified value in it sealed; the very body where there is none.

    `entity` says what it is about and `own` how that is called: whom a value is of where the body names nobody.
    Raises what `Keyring.seal` does.
    """
    if entity in OPEN_ENTITIES:
        return body
    return _remembered(keys, body, entity or "", own_name(entity, own))


def sealed_amount(keys: Sealer, amount: str, body: Any, entity: str | None, own: str | None) -> str:
    """The amount of one thing, sealed where it tells a rate or a contract value; `body` is what names its person.

    Raises what `Keyring.seal` does.
    """
    kind = _amount_class(entity)
    return (
        amount
        if kind is None
        else keys.seal(_whose(kind, searched(body, own_name(entity, own))), json_text(amount), kind)
    )


@cache
def _amount_class(entity: str | None) -> DataClass | None:
    kind = amount_class(entity)
    return kind if kind in CLASSES else None


def _whose(kind: DataClass, whom: Whom) -> Name:
    """A rate and pay are the person's, a value the contract's."""
    return whom[1] if kind is DataClass.CONTRACT_VALUE else whom[0]


def subjects(rows: Iterator[tuple[Any, str, str]]) -> set[Name]:
    """Whom the classified values of these bodies are of, each given as (body, entity, own name): to make their keys at
    once.
    """
    found = _Names()
    for body, entity, own in rows:
        sealed(found, body, entity, own)
    return found.names


def opened_text(keys: Keyring, text: str, clear: frozenset[DataClass] = CLASSES) -> str:
    """JSON text with every sealed value in it that is `clear` as it was. Raises what `Keyring.opened` does."""
    if PREFIX not in text:
        return text
    return _QUOTED.sub(lambda found: keys.opened(found[1]) if class_of_sealed(found[1]) in clear else found[0], text)


def opened(keys: Keyring, body: Any) -> Any:
    """The same for a body that is read already."""
    text = json_text(body)
    return body if PREFIX not in text else orjson.loads(opened_text(keys, text))


def opened_amount(keys: Keyring | None, kept: str | None) -> str | None:
    """An amount, or another value that stands alone, as it was, also one that never was sealed; None where its subject
    was erased.
    """
    if keys is None or kept is None or not kept.startswith(PREFIX):
        return kept
    told = keys.opened(kept)
    return None if told == ERASED else str(orjson.loads(told))


def masked_text(text: str, mask: str) -> str:
    """Any text with every sealed value in it as `mask`."""
    return text if PREFIX not in text else SEALED.sub(mask, text)


def _remembered(keys: Sealer, value: Any, path: str, whom: Whom) -> Any:
    """The same, looked up where this was sealed a moment ago: a payload stands in a run, in its event and in
    records of two steps, and to write it as JSON costs a thirtieth of walking through it.
    """
    try:
        name = (orjson.dumps(value), path, whom)
    except TypeError:
        return _walked(keys, value, path, whom)
    bodies = keys.bodies
    found = bodies.get(name, keys)
    if found is keys:
        found = _walked(keys, value, path, whom)
        if len(bodies) >= _BODIES:
            bodies.clear()
        bodies[name] = None if found is value else found
    return value if found is None else found


def _walked(keys: Sealer, value: Any, path: str, whom: Whom) -> Any:
    """The value with what is classified in it sealed; the very value where nothing is."""
    kind = type(value)
    if kind is str:
        return value if PREFIX not in value else value.replace(PREFIX, _DEFUSED)
    if kind in _LEAVES:
        return value
    if kind is dict or isinstance(value, Mapping):
        return _object(keys, value, path, whom)
    if kind is list or kind is tuple:
        inner = f"{path}.[]"
        return [_walked(keys, held, inner, whom) for held in value]
    return value


def _object(keys: Sealer, value: Mapping[Any, Any], path: str, whom: Whom) -> Any:
    told = shape(path, *value)
    if told.foreign:
        return _object(keys, {str(key).replace(PREFIX, _DEFUSED): held for key, held in value.items()}, path, whom)
    whom = named(value, told, whom) if told.people or told.contracts else whom
    changed = {}
    for key, held in value.items():  # what is classified is done below: here it costs more to ask than to look
        kind = type(held)
        if kind is str:
            if PREFIX in held:
                changed[key] = held.replace(PREFIX, _DEFUSED)
        elif kind not in _LEAVES:
            again = key in _SAME
            inner = _remembered(keys, held, path, whom) if again else _walked(keys, held, told.inner[key], whom)
            if inner is not held:
                changed[key] = inner
    for key, classified in told.shut:
        changed[key] = _hidden(keys, value[key], classified, whom)
    return {**value, **changed} if changed else value


def _hidden(keys: Sealer, value: Any, kind: DataClass, whom: Whom) -> Any:
    """All of a classified value sealed, but for what tells nothing."""
    form = type(value)
    if value is None or value == "" or form is bool:
        return value
    if form is dict or (form is not str and isinstance(value, Mapping)):
        return {key: held if key in PLAIN else _hidden(keys, held, kind, whom) for key, held in value.items()}
    if form is list or form is tuple:
        return [_hidden(keys, held, kind, whom) for held in value]
    return keys.seal(_whose(kind, whom), json_text(value), kind)


class _Names:
    """Gathers whom values are of, and seals nothing."""

    def __init__(self) -> None:
        self.names = set[Name]()

    @property
    def bodies(self) -> dict[Any, Any]:
        return {}

    def seal(self, name: Name, value: str, kind: DataClass) -> str:
        self.names.add(name)
        return ""
