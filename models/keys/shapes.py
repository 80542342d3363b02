"""What is classified in a JSON object, and whom it names, by its keys alone: many bodies come in few shapes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from models.canonical.classification import DataClass
from models.canonical.field_classes import class_of
from models.keys.keyring import PREFIX, WORDS
from models.keys.subject_keys import Name

PLAIN = frozenset({"currency", "currency_code", "currencyCode"})
"""What stands beside a classified amount and tells nothing."""
_PEOPLE = ("resource_number", "resource_id", "resource_key", "worker_id", "employee_id", "user_id", "resource_ref")
_CONTRACTS = ("project_code", "project_id", "contract_id", "project_key", "project_ref", "opportunity_id")
_WORK = frozenset({"time_entry", "expense", None, ""})
Whom = tuple[Name, Name]
"""Whose a rate or pay is, and whose a contract value."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with these keys, at its path: which of them are classified, where the others lead, who is named."""

    shut: tuple[tuple[str, DataClass], ...]
    inner: Mapping[str, str]
    people: tuple[str, ...]
    contracts: tuple[str, ...]
    foreign: bool
    """Whether a key looks like a sealed value, which no source of ours writes."""


@lru_cache(16_384)
def shape(path: str, *keys: str) -> Shape:
    inner = {key: f"{path}.{key}" for key in keys}
    found = {key: _sealed_class(at) for key, at in inner.items()}
    return Shape(
        tuple((key, kind) for key, kind in found.items() if kind is not None),
        inner,
        tuple(name for name in _PEOPLE if name in inner),
        tuple(name for name in _CONTRACTS if name in inner),
        any(PREFIX in str(key) for key in keys),
    )


def _sealed_class(path: str) -> DataClass | None:
    """The class of each part of it counts, `cost_rate.amount` is of that of `cost_rate`; `a.b` as a key is a path."""
    return next((kind for kind in _classes(path) if kind in WORDS), None)


def _classes(path: str) -> Iterator[DataClass]:
    parts = path.split(".")
    return (class_of(".".join(parts[: at + 1])) for at in range(1, len(parts)))


def named(value: Mapping[str, Any], told: Shape, whom: Whom) -> Whom:
    """Whom what stands in this object is of, where it says so."""
    person, contract = _first(value, told.people), _first(value, told.contracts)
    if person is None and contract is None:
        return whom
    whose = ("contract", contract) if contract else whom[1]
    return ("person", person) if person else (whose if whom[0][0] == "contract" else whom[0]), whose


def searched(body: Any, whom: Whom, depth: int = 3) -> Whom:
    """Whom a body names anywhere, the outermost first."""
    if type(body) is not dict or not depth:
        return whom
    found = named(body, shape("", *body), whom)
    for held in body.values() if found[0][0] != "person" else ():
        found = searched(held, found, depth - 1) if type(held) is dict else found
    return found


def own_name(entity: str | None, own: str | None) -> Whom:
    """Whom values are of where nothing says so: of a resource it is that person, else what they are about. Work is too
    many things to have a key each.
    """
    name = own if own and entity not in _WORK else "unnamed"
    return ("person" if entity == "resource" else "contract", name), ("contract", name)


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        held = value[name]
        if type(held) is dict:
            held = held.get("id")
        if isinstance(held, str | int) and held != "":
            return str(held)
    return None
