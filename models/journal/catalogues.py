"""The catalogues that were in force, one after the other: each change is a record of the audit lake (S3, G4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from models.canonical.schemas import SCHEMAS
from models.catalogue import Catalogue
from models.catalogue.catalogue import SCHEMA
from models.catalogue.change import changes_of
from models.catalogue.maps import MAPS
from models.domain.clock import Clock
from models.domain.errors import Misconfigured
from models.domain.record import Record, RecordKind
from models.journal import tables
from models.journal.database import reading
from models.journal.feed import Feed
from models.journal.metadata import micros
from models.journal.statements import statements
from models.journal.writing import writing

_SQL = Path(__file__).with_name("catalogues.sql")


class CatalogueReading:
    """Which catalogue is in force."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def digest(self) -> str | None:
        """The digest of the catalogue that an engine last started with; None before the first."""
        with reading(self._engine) as connection:
            last = _last(connection)
        return last["digest"] if last is not None else None

    def newer(self) -> list[str]:
        """What of this journal a later release wrote and this one cannot read."""
        with reading(self._engine) as connection:
            last = _last(connection)
        return newer_schemas(last["entries"]) if last is not None else []


class Catalogues(CatalogueReading):
    """Keeps names of entries and digests, never what an entry says."""

    def __init__(self, engine: sa.Engine, clock: Clock, feed: Feed) -> None:
        super().__init__(engine)
        self._clock, self._feed = clock, feed

    def record(self, catalogue: Catalogue) -> Record | None:
        """Note the catalogue that is in force from now on; the record of its change, None when nothing changed.

        Safe to repeat, and from several engines at once: each change is recorded once.
        Raises Misconfigured where a later release has written here, whose events this one cannot read, and for a value
        map that says something else than the same version of it did.
        """
        while True:
            with writing(self._engine) as connection:
                last = _last(connection)
                if last is not None and last["digest"] == catalogue.digest:
                    return None
                if faults := [*newer_schemas(last["entries"] if last else {}), *_said_otherwise(connection, catalogue)]:
                    raise Misconfigured("\n".join(faults))
                if self._added(connection, last, catalogue):
                    record = self._record(last, catalogue)
                    self._feed.append(connection, [record])
                    return record

    def _added(self, connection: sa.Connection, last: RowMapping | None, catalogue: Catalogue) -> bool:
        """Whether ours is the next one; another engine may have been quicker."""
        row = {
            "number": last["number"] + 1 if last else 1,
            "digest": catalogue.digest,
            "entries": orjson.dumps(dict(catalogue.entries)).decode(),
            "since": micros(self._clock.now()),
        }
        return connection.execute(statements(_SQL, connection.dialect.name)["add"], row).rowcount == 1

    def _record(self, last: RowMapping | None, catalogue: Catalogue) -> Record:
        changes = [asdict(change) for change in changes_of(last["entries"] if last else {}, catalogue.entries)]
        return Record(
            RecordKind.CATALOGUE,
            self._clock.now(),
            entity="catalogue",
            business_key="catalogue",
            status="changed" if last else "first",
            body={"before": last["digest"] if last else None, "after": catalogue.digest, "changes": changes},
        )


def newer_schemas(entries: Mapping[str, str]) -> list[str]:
    """What of a journal with these entries this release cannot read, with what to do: events of schemas that are newer
    than its own.
    """
    found = [(name.removeprefix(f"{SCHEMA} "), version) for name, version in entries.items() if _is_schema(name)]
    return [
        f"the journal holds events of {entity} version {version}, this release reads "
        f"{SCHEMAS[entity].version if entity in SCHEMAS else 'none'}: start the later release again"
        for entity, version in found
        if entity not in SCHEMAS or int(version) > SCHEMAS[entity].version
    ]


def _is_schema(name: str) -> bool:
    return name.startswith(f"{SCHEMA} ")


def _said_otherwise(connection: sa.Connection, catalogue: Catalogue) -> list[str]:
    """Versions of value maps that were in force before and said something else: no record could tell which."""
    faults = []
    mine = {name: digest for name, digest in catalogue.entries.items() if name.startswith(f"{MAPS} ")}
    for former in connection.scalars(sa.select(tables.catalogue.c.entries).order_by(tables.catalogue.c.number)):
        for name in [name for name, digest in mine.items() if former.get(name, digest) != digest]:
            del mine[name]
            said, _, version = name.removeprefix(f"{MAPS} ").rpartition(" version ")
            faults.append(f"{MAPS}: map {said}: its version {version} said something else before: raise its version")
    return faults


def _last(connection: sa.Connection) -> RowMapping | None:
    newest = sa.select(tables.catalogue).order_by(tables.catalogue.c.number.desc()).limit(1)
    return connection.execute(newest).mappings().one_or_none()
