"""Which system's people own each attribute in each legal entity (S3): the map is the catalogue's, the rule is here.

An installation rarely has a system in every role, so a rule lists owners in order of preference and the first role
that is played there owns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class OwnershipRule:
    """These attributes (`*`: the rest) of an entity belong to the first of `owners` that is played.

    `legal_entities` is empty for the general rule.
    """

    entity: str
    attributes: tuple[str, ...]
    owners: tuple[str, ...]
    why: str
    legal_entities: tuple[str, ...] = ()

    def covers(self, entity: str, attribute: str, legal_entity: str | None) -> bool:
        """Whether the rule speaks of an attribute in a legal entity."""
        named = attribute in self.attributes or "*" in self.attributes
        here = not self.legal_entities or legal_entity in self.legal_entities
        return self.entity == entity and named and here


@dataclass(frozen=True, slots=True)
class Trespass:
    """An attribute that a source tried to change although another role owns it."""

    attribute: str
    owner: str
    known: Any
    sent: Any


@dataclass(frozen=True, slots=True)
class Ownership:
    """The map of an installation. Of two rules equally narrow the first holds."""

    rules: tuple[OwnershipRule, ...] = ()
    _found: dict[tuple[str, str, str | None], tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

    def owners(self, entity: str, attribute: str, legal_entity: str | None = None) -> tuple[str, ...]:
        """The roles that own an attribute, preferred first; empty when the map says nothing about the entity.

        A rule for the legal entity beats a general one, a rule that names the attribute beats `*`.
        """
        asked = (entity, attribute, legal_entity)
        if asked not in self._found:
            found = [rule for rule in self.rules if rule.covers(*asked)]
            best = max(found, key=lambda rule: (bool(rule.legal_entities), attribute in rule.attributes), default=None)
            self._found[asked] = best.owners if best else ()
        return self._found[asked]

    def owner(self, entity: str, attribute: str, played: Iterable[str], legal_entity: str | None = None) -> str | None:
        """The role that owns an attribute among the roles `played` here; None when nobody there does."""
        present = frozenset(played)
        return next((role for role in self.owners(entity, attribute, legal_entity) if role in present), None)

    def holds(self, entity: str, role: str, played: Iterable[str]) -> bool:
        """Whether a role owns any attribute of an entity; so does everybody where the map says nothing about it."""
        named = {attribute for rule in self.rules if rule.entity == entity for attribute in rule.attributes}
        present = frozenset(played)
        return not named or any(
            self.owner(entity, attribute, present, company) == role
            for attribute in named
            for company in {None, *(one for rule in self.rules for one in rule.legal_entities)}
        )

    def trespasses(
        self,
        entity: str,
        known: Mapping[str, Any],
        sent: Mapping[str, Any],
        source_role: str,
        played: Iterable[str],
        legal_entity: str | None = None,
    ) -> list[Trespass]:
        """Attributes that `sent` would overwrite in `known` without its source owning them.

        What the source leaves empty overwrites nothing; what is not known yet may be supplied by anyone.
        """
        present = frozenset(played)
        return [
            Trespass(attribute, owner, known[attribute], value)
            for attribute, value in sent.items()
            if value is not None
            and known.get(attribute) is not None
            and known[attribute] != value
            and (owner := self.owner(entity, attribute, present, legal_entity)) is not None
            and owner != source_role
        ]
