"""The files of a catalogue: an installation's folder over the packaged defaults, entry by entry."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.catalogue import entries
from models.catalogue.faults import faults_of

DEFAULTS = Path(__file__).with_name("defaults")
SYSTEMS = "systems.toml"


def _named(raw: Mapping[str, Any]) -> str | None:
    return raw.get("name")


def _ruled(raw: Mapping[str, Any]) -> str | None:
    if "entity" not in raw or not isinstance(raw.get("attributes"), list):
        return None
    return " ".join([str(raw["entity"]), *map(str, [*raw["attributes"], *raw.get("legal_entities", [])])])


def _bounded(raw: Mapping[str, Any]) -> str | None:
    return f"{raw.get('environment', '*')}/{raw.get('role', '*')}"


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is made: lists of `table`, or without one a single entry that is the whole file."""

    table: str
    entry: type[entries.Entry]
    key: Callable[[Mapping[str, Any]], str | None] = _named


FILES: Mapping[str, Shape] = {
    "installation.toml": Shape("", entries.InstallationEntry),
    "roles.toml": Shape("role", entries.RoleEntry),
    "teams.toml": Shape("team", entries.TeamEntry),
    "flows.toml": Shape("flow", entries.FlowEntry),
    "policies.toml": Shape("policy", entries.PolicyEntry, _bounded),
    "calendars.toml": Shape("calendar", entries.CalendarEntry),
    "entities.toml": Shape("entity", entries.LegalEntityEntry, lambda raw: raw.get("id")),
    "ownership.toml": Shape("rule", entries.OwnershipEntry, _ruled),
    "roads.toml": Shape("road", entries.RoadEntry),
    "audiences.toml": Shape("audience", entries.AudienceEntry),
    "webhooks.toml": Shape("scheme", entries.SchemeEntry),
    "formats.toml": Shape("format", entries.FormatEntry),
    "logs.toml": Shape("log", entries.LogEntry),
    "brokers.toml": Shape("broker", entries.BrokerEntry),
    "rules.toml": Shape("rule", entries.RuleEntry),
    "maps.toml": Shape("map", entries.MapEntry),
    SYSTEMS: Shape("system", entries.SystemEntry),
}


@dataclass(frozen=True, slots=True)
class Written:
    """One entry as written: where, under which key, and what it says (None when it cannot be read)."""

    path: Path
    key: str
    raw: Mapping[str, Any]
    value: Any

    @property
    def packaged(self) -> bool:
        return self.path.parent == DEFAULTS


@dataclass(slots=True)
class Files:
    """Everything that is written, by file, and what is wrong with it."""

    written: dict[str, list[Written]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def values(self, file: str) -> list[Any]:
        """The readable entries of a file."""
        return [one.value for one in self.written[file] if one.value is not None]

    def keys(self, file: str) -> set[str]:
        """The names that a file gives, readable or not."""
        return {one.key for one in self.written[file]}


def read_files(folder: Path | None, systems: Path | None) -> Files:
    """The catalogue's files: the folder's over the packaged ones; `systems` takes the place of the folder's own."""
    found = Files()
    if folder is not None and not folder.is_dir():
        found.faults.append(f"{folder} is no folder: give the catalogue's folder in TIEOUT_CATALOGUE")
    elif folder is not None:
        unknown = sorted(path.name for path in folder.glob("*.toml") if path.name not in FILES)
        found.faults += [f"{folder / name} is no file of a catalogue: use {', '.join(FILES)}" for name in unknown]
    for file, shape in FILES.items():
        own = systems if file == SYSTEMS and systems else folder / file if folder else None
        packaged = _entries(DEFAULTS / file, shape, found.faults) if (DEFAULTS / file).exists() else []
        given = own is not None and (own.exists() or own == systems)
        found.written[file] = _layered(packaged, _entries(own, shape, found.faults) if own and given else [])
    return found


def _layered(packaged: Sequence[Written], own: Sequence[Written]) -> list[Written]:
    """The installation's entry stands in the place of the packaged one of its key; its others come after."""
    mine: dict[str, Written] = {}
    for one in own:
        mine.setdefault(one.key, one)
    replaced = [mine.pop(one.key, one) for one in packaged]
    return [*replaced, *mine.values()]


def _entries(path: Path, shape: Shape, faults: list[str]) -> list[Written]:
    found: list[Written] = []
    for number, raw in enumerate(_tables(path, shape, faults), start=1):
        key = str(shape.key(raw) or number) if shape.table else "*"
        about = f"{path}: {shape.table} {key}" if shape.table else str(path)
        if key in {one.key for one in found}:
            faults.append(f"{about} is named twice")
        try:
            value = shape.entry.model_validate(raw)
        except ValidationError as error:
            value = None
            faults += [f"{about}: {words}" for words in faults_of(error, shape.entry)]
        found.append(Written(path, key, raw, value))
    return found


def _tables(path: Path, shape: Shape, faults: list[str]) -> list[Mapping[str, Any]]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        faults.append(f"{path} cannot be read ({error.strerror}): correct TIEOUT_SYSTEMS or TIEOUT_CATALOGUE")
        return []
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{path} is no TOML: {error}")
        return []
    if not shape.table:
        return [content]
    faults += [f"{path}: unknown key {key}: use [[{shape.table}]]" for key in sorted(set(content) - {shape.table})]
    listed = content.get(shape.table)
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        faults.append(f"{path} has no [[{shape.table}]]")
        return []
    return listed
