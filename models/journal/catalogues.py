"""The catalogues that were in force, one after the other: each change is a record of the audit lake (S3, G4)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import orjson
import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from models.catalogue import Catalogue
from models.catalogue.change import changes_of
from models.domain.clock import Clock
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


class Catalogues(CatalogueReading):
    """Keeps names of entries and digests, never what an entry says."""

    def __init__(self, engine: sa.Engine, clock: Clock, feed: Feed) -> None:
        super().__init__(engine)
        self._clock, self._feed = clock, feed

    def record(self, catalogue: Catalogue) -> Record | None:
        """Note the catalogue that is in force from now on; the record of its change, None when nothing changed.

        Safe to repeat, and from several engines at once: each change is recorded once.
        """
        while True:
            with writing(self._engine) as connection:
                last = _last(connection)
                if last is not None and last["digest"] == catalogue.digest:
                    return None
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


def _last(connection: sa.Connection) -> RowMapping | None:
    newest = sa.select(tables.catalogue).order_by(tables.catalogue.c.number.desc()).limit(1)
    return connection.execute(newest).mappings().one_or_none()
