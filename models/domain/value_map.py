"""Value maps: what one system calls by its own word, told in canonical words or in another system's (M8).

Words are compared exactly as they are written: case, accents and blanks count, since two words that differ in one of
them are two words at the vendor. What differs in nothing else is offered as a hint, never taken.
"""

from __future__ import annotations

import copy
import hashlib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as made
from datetime import date
from difflib import get_close_matches
from typing import Any

CANONICAL = "canonical"
WORD_FIELDS = frozenset(
    (
        "service_line",
        "practice",
        "region",
        "cost_centre",
        "tax_profile",
        "role",
        "category",
        "contract_type",
        "country",
        "payment_terms",
    )
)
"""Names of fields that hold words. Ids, names, codes and money are none: the crosswalk and the rates are for those."""
WAITED = "value_map"
"""What a run waits for begins with this: `value_map/<map>/<word>`."""
UNMAPPED = "unmapped-value"
"""The cause of the case that such a word is."""
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a map: `means` stands for `said`, in facts from the day `since` on; None: in all before that too."""

    said: str
    means: str
    since: date | None = None


@dataclass(frozen=True, slots=True)
class ValueMap:
    """The words of one field between `source` and `target`, of which one may be `canonical`.

    `field` is the canonical path, `expense.category`. Whoever changes what an entry says raises `version`. Without a
    `default` a word that no row has pauses the run that needs it; `path` is the file where the row is to be added.
    """

    name: str
    version: int
    owner: str
    source: str
    target: str
    field: str
    entries: tuple[Entry, ...]
    default: str | None = None
    path: str = ""
    _meanings: Mapping[str, Sequence[Entry]] = made(init=False, repr=False, compare=False)
    _sayings: Mapping[str, Sequence[str]] = made(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        meanings: dict[str, list[Entry]] = {}
        sayings: dict[str, list[str]] = {}
        for entry in sorted(self.entries, key=lambda one: one.since or date.min):
            meanings.setdefault(entry.said, []).append(entry)
            sayings.setdefault(entry.means, []).append(entry.said)
        object.__setattr__(self, "_meanings", meanings)
        object.__setattr__(self, "_sayings", sayings)

    @property
    def entity(self) -> str:
        """The business object whose field is meant."""
        return self.field.partition(".")[0]

    @property
    def place(self) -> str:
        """The dotted path within the object."""
        return self.field.partition(".")[2]

    @property
    def system(self) -> str:
        """The system whose own words the map knows."""
        return self.source if self.source != CANONICAL else self.target

    def meaning(self, said: str, day: date) -> str | None:
        """What a word means on a day; None where neither a row nor a default says it."""
        valid = [one for one in self._meanings.get(said, ()) if one.since is None or one.since <= day]
        return valid[-1].means if valid else self.default

    def saying(self, means: str) -> str | None:
        """The one word that is told as `means`; None where several are, or none."""
        said = set(self._sayings.get(means, ()))
        return said.pop() if len(said) == 1 else None

    def row(self, said: str) -> str:
        """The row that would map a word, as it stands in the file."""
        return f'{{ said = {_quoted(said)}, means = "…" }}'

    def like(self, said: str) -> str | None:
        """A word of the map that somebody may have meant: one that differs in case, accents or blanks, or is close."""
        folded = {_folded(one): one for one in self._meanings}
        found = folded.get(_folded(said))
        close = [] if found else get_close_matches(_folded(said)[:_LONGEST], folded, 1, 0.8)
        return found or (folded[close[0]] if close else None)

    def awaited(self, said: str) -> str:
        """What a run waits for until the map has the word; a very long one stands by its digest."""
        short = said if len(said) <= _LONGEST else hashlib.sha256(said.encode()).hexdigest()
        return f"{WAITED}/{self.name}/{short}"


@dataclass(frozen=True, slots=True)
class Used:
    """A word that was told by a version of a map, or that a map has no row for (`means` is None)."""

    map: ValueMap
    said: str
    means: str | None

    def told(self) -> dict[str, Any]:
        """As records keep it."""
        one = self.map
        return {"map": one.name, "version": one.version, "field": one.field, "said": self.said, "means": self.means}


class MapBook:
    """Which map counts between two systems. One that names a system takes the place of its vendor's."""

    def __init__(self, maps: Iterable[ValueMap] = (), vendors: Mapping[str, str] | None = None) -> None:
        self._maps, self._vendors = tuple(maps), dict(vendors or {})
        self._found: dict[tuple[str, str, str], tuple[ValueMap, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._maps)

    def between(self, source: str, target: str, entity: str) -> tuple[ValueMap, ...]:
        """The maps of an object's fields from `source` to `target`, one a field."""
        asked = (source, target, entity)
        if asked not in self._found:
            mine = [one for one in self._maps if one.entity == entity]
            pairs = [(said, told) for said in self._names(source) for told in self._names(target)]
            chosen: dict[str, ValueMap] = {}
            for pair in pairs:
                for one in mine:
                    if (one.source, one.target) == pair:
                        chosen.setdefault(one.field, one)
            self._found[asked] = tuple(chosen.values())
        return self._found[asked]

    def sent(self, source: str, target: str, entity: str) -> tuple[ValueMap, ...]:
        """The maps to a target's words of what came from `source`: its own for this source before that for all."""
        own = self.between(source, target, entity) if source != CANONICAL else ()
        named = {one.field for one in own}
        return (*own, *(one for one in self.between(CANONICAL, target, entity) if one.field not in named))

    def observed(self, system: str, entity: str, fields: Mapping[str, Any], day: date) -> Mapping[str, Any]:
        """What a snapshot showed, in canonical words as far as a map tells them without doubt; the rest as it came."""
        told: dict[str, Any] = {}
        for one in self.between(system, CANONICAL, entity):
            name = one.place.rpartition(".")[2]
            if isinstance(said := fields.get(name), str) and (means := one.meaning(said, day)) is not None:
                told[name] = means
        for one in self.between(CANONICAL, system, entity):
            name = one.place.rpartition(".")[2]
            if name not in told and isinstance(said := fields.get(name), str):
                told[name] = one.saying(said) or said
        return {**fields, **told} if told else fields

    def _names(self, system: str) -> tuple[str, ...]:
        vendor = self._vendors.get(system)
        return (system,) if vendor in (None, system) else (system, str(vendor))


def translated(
    maps: Sequence[ValueMap], body: Mapping[str, Any], day: date, settled: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], list[Used]]:
    """A copy of the body with each mapped word told, and the words that were met, also those that no row has.

    `settled` gives words by their canonical field that count whatever the maps say now. Empty fields stay empty.
    """
    told: dict[str, Any] = copy.deepcopy(dict(body))
    used: list[Used] = []
    for one in maps:
        for holder, name in _places(told, one.place.split(".")):
            said = holder[name]
            means = (settled or {}).get(one.field) or one.meaning(said, day)
            used.append(Used(one, said, means))
            holder[name] = said if means is None else means
    return told, list(dict.fromkeys(used))


def _places(holder: Any, path: Sequence[str]) -> Iterator[tuple[dict[str, Any], str]]:
    """Each place that a path leads to and that holds a word; of a list, in each of its items."""
    if isinstance(holder, list):
        for item in holder:
            yield from _places(item, path)
    elif isinstance(holder, dict) and len(path) == 1:
        if isinstance(holder.get(path[0]), str) and holder[path[0]]:
            yield holder, path[0]
    elif isinstance(holder, dict):
        yield from _places(holder.get(path[0]), path[1:])


def _folded(word: str) -> str:
    plain = "".join(one for one in unicodedata.normalize("NFKD", word) if not unicodedata.combining(one))
    return " ".join(plain.casefold().split())


def _quoted(word: str) -> str:
    """A word as a TOML string on one line."""
    short = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(short.get(one, one if one.isprintable() else f"\\u{ord(one):04X}") for one in word) + '"'
