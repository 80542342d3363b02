"""Which system's people own each attribute in each legal entity (S3): the map is data, the rule is here.

The map lies in `ownership.toml` beside this module. An installation rarely has all five roles, so a rule lists
owners in order of preference and the first role that is played there owns.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_FILE = Path(__file__).with_name("ownership.toml")


@dataclass(frozen=True, slots=True)
class Ownership:
    """One rule: these attributes (`*`: the rest) of an entity belong to the first of `owners` that is played.

    `legal_entities` is empty for the general rule.
    """

    entity: str
    attributes: tuple[str, ...]
    owners: tuple[str, ...]
    why: str
    legal_entities: tuple[str, ...] = ()


@cache
def ownership_map(file: Path = _FILE) -> tuple[Ownership, ...]:
    """Every rule of the map, in the file's order. Raises TypeError for a rule with a missing or wrong key."""
    rules = tomllib.loads(file.read_text(encoding="utf-8"))["rule"]
    return tuple(_rule(**rule) for rule in rules)


@cache
def owners_of(entity: str, attribute: str, legal_entity: str | None = None) -> tuple[str, ...]:
    """The roles that own an attribute, preferred first; empty when the map says nothing about the entity.

    A rule for the legal entity beats a general one, a rule that names the attribute beats `*`.
    """
    found = [rule for rule in ownership_map() if rule.entity == entity and _covers(rule, attribute, legal_entity)]
    best = max(found, key=lambda rule: (bool(rule.legal_entities), attribute in rule.attributes), default=None)
    return best.owners if best else ()


def owner_of(entity: str, attribute: str, played: Iterable[str], legal_entity: str | None = None) -> str | None:
    """The role that owns an attribute among the roles `played` in this installation; None when nobody there does."""
    present = frozenset(played)
    return next((role for role in owners_of(entity, attribute, legal_entity) if role in present), None)


@dataclass(frozen=True, slots=True)
class Trespass:
    """An attribute that a source tried to change although another role owns it."""

    attribute: str
    owner: str
    known: Any
    told: Any


def trespasses(
    entity: str,
    known: Mapping[str, Any],
    told: Mapping[str, Any],
    source_role: str,
    played: Iterable[str],
    legal_entity: str | None = None,
) -> list[Trespass]:
    """Attributes that `told` would overwrite in `known` without its source owning them.

    What the source leaves empty overwrites nothing; what is not known yet may be supplied by anyone.
    """
    present = frozenset(played)
    return [
        Trespass(attribute, owner, known[attribute], value)
        for attribute, value in told.items()
        if value is not None
        and known.get(attribute) is not None
        and known[attribute] != value
        and (owner := owner_of(entity, attribute, present, legal_entity)) is not None
        and owner != source_role
    ]


def _rule(
    entity: str, attributes: list[str], owners: list[str], why: str, legal_entities: list[str] | None = None
) -> Ownership:
    return Ownership(entity, tuple(attributes), tuple(owners), why, tuple(legal_entities or ()))


def _covers(rule: Ownership, attribute: str, legal_entity: str | None) -> bool:
    return (attribute in rule.attributes or "*" in rule.attributes) and (
        not rule.legal_entities or legal_entity in rule.legal_entities
    )
