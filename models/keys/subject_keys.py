"""Where the wrapped keys lie: SQLite in the home's `keys`, or PostgreSQL where the journal is there already.

Never in the journal's own SQLite file: a key is durable before anything is sealed with it, and who seals may hold the
journal's lock. A backup of the journal holds no key of it either.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa

from models.settings import Settings

T = TypeVar("T")
Name = tuple[str, str]
"""A subject as records name it: its kind, person or contract, and its name there."""

_MADE = (
    "create table if not exists subject_key (subject text primary key, kind text, name text, wrapped text, "
    "erased text)",
    "create unique index if not exists subject_key_name on subject_key (kind, name)",
)
_LIVE = sa.text("select subject, wrapped from subject_key where kind = :kind and name = :name")
_WRAPPED = sa.text("select subject, wrapped from subject_key where subject = :subject")
_KNOWN = sa.text("select count(*) from subject_key where wrapped is not null")
_ALL = sa.text("select subject, wrapped from subject_key where wrapped is not null")
_ROWS = sa.text("select subject, kind, name, wrapped, erased from subject_key order by kind, name, subject")
_PUT = sa.text(
    "insert into subject_key (subject, kind, name, wrapped, erased) values (:subject, :kind, :name, :wrapped, :erased) "
    "on conflict do nothing"
)
_ADD = sa.text("insert into subject_key (subject, kind, name, wrapped) values (:subject, :kind, :name, :wrapped)")
_REWRAP = sa.text("update subject_key set wrapped = :wrapped where subject = :subject")
_ERASE = sa.text(
    "update subject_key set kind = null, name = null, wrapped = null, erased = :erased "
    "where kind = :kind and name = :name"
)
_ERASED = sa.text("select count(*) from subject_key where erased is not null")


@dataclass(frozen=True, slots=True)
class Stored:
    """One subject's key as it lies there; `wrapped` is None once it was erased."""

    subject: str
    wrapped: bytes | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of the table, as a backup keeps it: of an erased subject only its id and when that was."""

    subject: str
    kind: str | None
    name: str | None
    wrapped: str | None
    erased: str | None


class SubjectKeys:
    """Each method is one transaction, alone with the table."""

    def __init__(self, settings: Settings) -> None:
        address = sa.make_url(settings.journal_address)
        self._shared = address.get_backend_name() == "postgresql"
        if self._shared:
            self._engine = sa.create_engine(
                address.set(drivername="postgresql+psycopg"), pool_size=1, hide_parameters=True
            )
            self._asking = self._engine
        else:
            self._file = settings.home / "keys" / "subjects.sqlite"
            self._engine = _sqlite(f"sqlite:///{self._file}")
            sa.event.listen(self._engine, "connect", _prepared)
            sa.event.listen(self._engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
            self._asking = _sqlite(f"sqlite:///file:{quote(str(self._file))}?mode=ro&uri=true")

    def count(self) -> int:
        """How many subjects have a key."""
        return int(self._asked(lambda held: held.scalar(_KNOWN)) or 0)

    def erasures(self) -> int:
        """How many were erased: another number than before says that a key in memory may be no more."""
        return int(self._asked(lambda held: held.scalar(_ERASED)) or 0)

    def wrapped(self, subjects: Iterable[str]) -> list[Stored]:
        """The keys of these subjects by their ids, without those that nobody knows."""
        asked = [{"subject": subject} for subject in subjects]
        rows = self._asked(lambda held: [row for one in asked for row in held.execute(_WRAPPED, one)])
        return [Stored(row.subject, _bytes(row.wrapped)) for row in rows or ()]

    def of(self, names: Iterable[Name], wrap: Callable[[str], bytes]) -> Mapping[Name, Stored]:
        """The keys of these subjects, those that are new made with `wrap` in one transaction; durable on return."""

        def work(held: sa.Connection) -> dict[Name, Stored]:
            found = {name: self._found(held, name) for name in names}
            fresh = {name: secrets.token_hex(8) for name, one in found.items() if one is None}
            added = {name: Stored(subject, wrap(subject)) for name, subject in fresh.items()}
            for (kind, name), one in added.items():
                values = {"subject": one.subject, "kind": kind, "name": name, "wrapped": (one.wrapped or b"").hex()}
                held.execute(_ADD, values)
            return {name: one for name, one in found.items() if one is not None} | added

        return self._alone(work)

    def rows(self) -> list[Kept]:
        """Every row, the erased too."""
        found = self._asked(lambda held: [Kept(*row) for row in held.execute(_ROWS)])
        return list(found or ())

    def put(self, rows: Iterable[Kept]) -> int:
        """Put back the rows of a backup whose subject is not here; how many. Who was erased here since stays erased."""
        values = [asdict(row) for row in rows]
        return self._alone(lambda held: sum(held.execute(_PUT, value).rowcount for value in values))

    def rewrap(self, again: Callable[[str, bytes], bytes]) -> int:
        """Wrap every key anew, all or none; how many."""

        def work(held: sa.Connection) -> int:
            rows = [(row.subject, bytes.fromhex(row.wrapped)) for row in held.execute(_ALL)]
            for subject, wrapped in rows:
                held.execute(_REWRAP, {"subject": subject, "wrapped": again(subject, wrapped).hex()})
            return len(rows)

        return self._alone(work)

    def erase(self, name: Name, at: str) -> bool:
        """Drop a subject's key and name, and keep that its id was erased; whether there was one."""
        values = {"kind": name[0], "name": name[1], "erased": at}
        return bool(self._alone(lambda held: held.execute(_ERASE, values).rowcount))

    def _found(self, held: sa.Connection, name: Name) -> Stored | None:
        row = held.execute(_LIVE, {"kind": name[0], "name": name[1]}).one_or_none()
        return None if row is None else Stored(row.subject, _bytes(row.wrapped))

    def _asked(self, ask: Callable[[sa.Connection], Any]) -> Any:
        """An answer that makes nothing: no file, no table; also of a home that may not be written."""
        if not self._shared and not self._file.exists():
            return None
        try:
            with self._asking.connect() as held:
                return _answer(held, ask)
        except sa.exc.OperationalError:  # whoever wrote last was cut off: what it began has to be undone first
            with self._engine.begin() as held:
                return _answer(held, ask)

    def _alone(self, work: Callable[[sa.Connection], T]) -> T:
        if not self._shared:
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file.touch(0o600)
        with self._engine.begin() as held:
            if self._shared:
                held.execute(sa.text("select pg_advisory_xact_lock(1910505475)"))
            for statement in _MADE:
                held.exec_driver_sql(statement)
            return work(held)


def _answer(held: sa.Connection, ask: Callable[[sa.Connection], Any]) -> Any:
    return ask(held) if sa.inspect(held).has_table("subject_key") else None


def _sqlite(address: str) -> sa.Engine:
    return sa.create_engine(address, connect_args={"timeout": 30}, poolclass=sa.NullPool, hide_parameters=True)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text)


def _prepared(raw: Any, _record: Any) -> None:
    """What is erased is overwritten: no write-ahead log keeps it, no free page."""
    raw.isolation_level = None
    for pragma in ("busy_timeout=30000", "journal_mode=DELETE", "secure_delete=ON", "synchronous=FULL"):
        raw.execute(f"PRAGMA {pragma}")
