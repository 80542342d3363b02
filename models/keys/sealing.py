"""Labour rates, pay and contract values in JSON bodies: sealed before they are stored, opened for who works with them.

What is classified is known by name and path (`models.canonical.field_classes`). Whom it is about is said by what stands
beside it: a rate or pay is of the person that is named there, a value of the contract or project.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Protocol

import orjson

from models.canonical.classification import DataClass
from models.canonical.field_classes import amount_class, class_of
from models.domain.storable import json_text
from models.keys.keyring import ERASED, PREFIX, SEALED, WORDS, Keyring, class_of_sealed
from models.keys.subject_keys import Name

CLASSES = frozenset(WORDS)
OPEN_ENTITIES = frozenset({"exchange_rate"})
"""Whose `rate` is nobody's secret."""
_OF_PEOPLE = frozenset({DataClass.LABOUR_RATE, DataClass.COMPENSATION})
_DEEPER = (Mapping, list, tuple, str)
_PLAIN = frozenset({"currency", "currency_code", "currencyCode"})
_PEOPLE = ("resource_number", "resource_id", "resource_key", "worker_id", "employee_id", "user_id", "resource_ref")
_CONTRACTS = ("project_code", "project_id", "contract_id", "project_key", "project_ref", "opportunity_id")
_DEFUSED = "enc.v1:"
"""What a foreign text is made to begin with, should it begin like a sealed value of ours."""

_QUOTED = re.compile(f'"({SEALED.pattern})"')
_WORK = frozenset({"time_entry", "expense", None, ""})
_Whom = tuple[Name, Name]


class Sealer(Protocol):
    def seal(self, name: Name, value: str, kind: DataClass) -> str: ...


def sealed(keys: Sealer, body: Any, entity: str | None, own: str | None) -> Any:
    """A copy of a JSON-ready body with every classified value in it sealed; the very body where there is none.

    `entity` says what it is about and `own` how that is called: whom a value is of where the body names nobody.
    Raises what `Keyring.seal` does.
    """
    if entity in OPEN_ENTITIES:
        return body
    return _walked(keys, body, entity or "", None, _own(entity, own))


def sealed_amount(keys: Sealer, amount: str, body: Any, entity: str | None, own: str | None) -> str:
    """The amount of one thing, sealed where it tells a rate or a contract value; `body` is what names its person.

    Raises what `Keyring.seal` does.
    """
    kind = amount_class(entity)
    if kind not in CLASSES:
        return amount
    person, contract = _searched(body, _own(entity, own))
    return keys.seal(person if kind in _OF_PEOPLE else contract, json_text(amount), kind)


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


def _walked(keys: Sealer, value: Any, path: str, hidden: DataClass | None, whom: _Whom) -> Any:
    if isinstance(value, Mapping):
        whom = _named(value, whom) if hidden is None else whom
        return {key: _item(keys, key, held, path, hidden, whom) for key, held in value.items()}
    if isinstance(value, list | tuple):
        inner = f"{path}.[]"
        return [_walked(keys, held, inner, hidden, whom) for held in value]
    if hidden is None or value is None or value == "" or isinstance(value, bool):
        return value if not isinstance(value, str) or PREFIX not in value else value.replace(PREFIX, _DEFUSED)
    return keys.seal(whom[0] if hidden in _OF_PEOPLE else whom[1], json_text(value), hidden)


def _item(keys: Sealer, key: Any, held: Any, path: str, hidden: DataClass | None, whom: _Whom) -> Any:
    inner, found = _place(path, str(key))
    if hidden is None and found is None and not isinstance(held, _DEEPER):
        return held
    if hidden is not None and key in _PLAIN:
        return held
    return _walked(keys, held, inner, hidden or found, whom)


@lru_cache(16_384)
def _place(path: str, key: str) -> tuple[str, DataClass | None]:
    """The path of an item, and its class where that is sealed. `path.like.this` as a key is a path of its own."""
    inner = f"{path}.{key}"
    found = next((kind for kind in _classes(inner) if kind in CLASSES), None)
    return inner, found


def _classes(path: str) -> Iterator[DataClass]:
    """Of each part of it: `cost_rate.amount` is of the class of `cost_rate`."""
    parts = path.split(".")
    return (class_of(".".join(parts[: at + 1])) for at in range(1, len(parts)))


def _named(value: Mapping[Any, Any], whom: _Whom) -> _Whom:
    """Whom what stands in this object is of, where it says so."""
    person, contract = _first(value, _PEOPLE), _first(value, _CONTRACTS)
    if person is None and contract is None:
        return whom
    named = ("contract", contract) if contract else whom[1]
    return ("person", person) if person else (named if whom[0][0] == "contract" else whom[0]), named


def _own(entity: str | None, own: str | None) -> _Whom:
    """Whom values are of where nothing says so: of a resource it is that person, else what they are about. Work is too
    many things to have a key each.
    """
    name = own if own and entity not in _WORK else "unnamed"
    return ("person" if entity == "resource" else "contract", name), ("contract", name)


def _searched(body: Any, whom: _Whom, depth: int = 3) -> _Whom:
    """Whom a body names anywhere, the outermost first."""
    if not isinstance(body, Mapping) or not depth:
        return whom
    found = _named(body, whom)
    for held in body.values() if found[0][0] != "person" else ():
        found = _searched(held, found, depth - 1) if isinstance(held, Mapping) else found
    return found


def _first(value: Mapping[Any, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        held = value.get(name)
        if isinstance(held, Mapping):
            held = held.get("id")
        if held is not None and held != "" and isinstance(held, str | int):
            return str(held)
    return None


class _Names:
    """Gathers whom values are of, and seals nothing."""

    def __init__(self) -> None:
        self.names = set[Name]()

    def seal(self, name: Name, value: str, kind: DataClass) -> str:
        self.names.add(name)
        return ""
