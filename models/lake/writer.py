"""The audit lake's one way in: append sealed batches, sign checkpoints, maintain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from models.domain.clock import Clock
from models.domain.errors import Retriable
from models.lake import lake_tables, merkle, signing, witness
from models.lake.batch import leaves, staged
from models.lake.canonical import Seal
from models.lake.connection import open_lake
from models.lake.data_files import DataFolder
from models.lake.exclusive import writers_lock
from models.lake.log_state import LogState, load
from models.lake.maintenance import Maintained, maintain
from models.lake.manifest import Entry, Manifest
from models.lake.schema import CHECKPOINTS, SEALS, TABLES
from models.settings import Settings


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an append did. `repeated` means that (writer, number) was there already and nothing was stored again."""

    batch_id: int
    stored: int
    already_stored: int
    roots: dict[str, str]

    @property
    def repeated(self) -> bool:
        return self.already_stored > 0


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint's note, and why the witness did not get it, if so."""

    size: int
    note: str
    witness_error: str | None


class LakeWriter:
    """Appends to the lake. One per process; its methods may be called from several threads and take turns."""

    def __init__(self, settings: Settings, clock: Clock, memory_mib: int = 256, threads: int = 2) -> None:
        self._settings, self._clock = settings, clock
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = writers_lock(settings)
        self._connection = open_lake(settings, write=True, memory_mib=memory_mib, threads=threads)
        self._connection.execute("SET preserve_insertion_order = true")
        # It keeps 120 KB of each file that was read, up to the whole limit, and a merged file is never read again.
        self._connection.execute("SET enable_external_file_cache = false")
        if self._lock.shared:
            # A commit that comes second is refused, not repeated on top of what it has not seen.
            self._connection.execute("SET ducklake_max_retry_count = 0")
        with self._lock.held():
            lake_tables.prepare(self._connection, settings)
        self._folder = DataFolder(settings, self._connection)
        self._manifest = Manifest(settings, create=True)
        self._key = signing.signing_key(settings)
        self._known: set[str] | None = None
        self._state: LogState | None = None
        self._signed: dict[str, int] = {}

    def append(self, tables: Mapping[str, pa.Table], writer: str, number: int) -> Receipt:
        """Store the rows of all tables and a seal per table, all or nothing, durable on return. Safe to repeat.

        `number` is the writer's own, growing number of the batch: a number that is in the lake already stores nothing,
        so a batch that landed without an answer is appended again without harm. Raises Retriable when the catalogue is
        locked or the disk is full, or when another writer was quicker; nothing is stored then, or the repeat finds it.
        """
        with self._lock.held():
            try:
                with self._transaction():
                    state = self._current()
                    if number <= state.number(writer) and (before := self._sealed(writer, number)) is not None:
                        return before
                    receipt, seals = self._appended(state, tables, writer, number)
            except (duckdb.Error, OSError, sa.exc.DBAPIError) as error:
                raise Retriable(
                    f"the batch was not stored: {error}. It can be appended again once the lake can be written"
                ) from error
            state.add(seals)
            return receipt

    def last_number(self, writer: str) -> int:
        """The highest number of `writer` in the lake; 0 before its first batch, so numbers begin at 1."""
        with self._lock.held():
            return self._current().number(writer)

    def proven(self, writer: str) -> int:
        """The highest number of `writer` under the last checkpoint that was signed here; 0 before the first."""
        return self._signed.get(writer, 0)

    def checkpoint(self) -> SignedCheckpoint:
        """Sign the tree of all seals so far, keep the note in the lake and push it to the witness.

        The same note again when nothing was sealed since. A witness that cannot be reached is reported, not raised:
        the lake has the note, and the next checkpoint covers it.
        """
        with self._lock.held():
            state = self._current()
            if state.note is None or state.tree.size != state.signed_size:
                self._sign(state)
            note = state.note or ""
            self._signed = {name: chain[0] for name, chain in state.chains.items()}
        try:
            witness.push(witness.witness_path(self._settings), state.signed_size, note)
        except OSError as error:
            return SignedCheckpoint(state.signed_size, note, str(error))
        return SignedCheckpoint(state.signed_size, note, None)

    def maintain(self, keep: timedelta = timedelta(hours=1), grace: timedelta = timedelta(minutes=10)) -> Maintained:
        """Merge small files tier by tier and drop what no snapshot younger than `keep` needs, `grace` after that.

        Proofs, seals and `as_of` do not depend on snapshots, so `keep` only has to outlast the longest query.
        """
        done = maintain(self._connection, self._lock, self._folder, self._manifest, keep, grace)
        self._known = None
        return done

    def close(self) -> None:
        """Let go of the catalogue and of the right to write."""
        self._connection.close()
        self._manifest.close()
        self._lock.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One transaction of the lake: what it reads and what it writes stand on one snapshot, and it is committed only
        as the next one after that. So of two writers that hold a number alike, one alone stores it.
        """
        self._connection.execute("BEGIN")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._recover()
            raise

    def _appended(
        self, state: LogState, tables: Mapping[str, pa.Table], writer: str, number: int
    ) -> tuple[Receipt, list[Seal]]:
        batch = state.last_batch + 1
        rows = {name: staged(table, TABLES[name], batch) for name, table in sorted(tables.items()) if table.num_rows}
        if not rows:
            return Receipt(state.last_batch, 0, 0, {}), []
        seals = self._seals(state, rows, batch, writer, number)
        for name, table in rows.items():
            self._insert(name, table)
        sealed = pa.Table.from_pylist([asdict(seal) for seal in seals], _SEAL_ROW)
        self._insert("seals", sealed)
        self._enter_files({**rows, "seals": sealed}, batch)
        roots = {seal.table_name: seal.root for seal in seals}
        return Receipt(batch, sum(seal.rows for seal in seals), 0, roots), seals

    def _seals(self, state: LogState, rows: Mapping[str, pa.Table], batch: int, writer: str, number: int) -> list[Seal]:
        previous, now, seals = state.previous(writer), self._clock.now(), []
        for name, table in rows.items():
            root = merkle.root(leaves(self._connection, name, table)).hex()
            seals.append(Seal(batch, writer, name, table.num_rows, root, previous, now, number, len(TABLES[name])))
            previous = seals[-1].digest.hex()
        return seals

    def _insert(self, table: str, rows: pa.Table) -> None:
        self._connection.register("incoming", rows)
        self._connection.execute(f"INSERT INTO lake.main.{table} BY NAME SELECT * FROM incoming")
        self._connection.unregister("incoming")

    def _enter_files(self, written: Mapping[str, pa.Table], batch: int | None) -> None:
        """Make the open transaction's new files durable and known to the manifest, before its commit refers to them."""
        if self._known is None:
            self._known = set(self._manifest.entries())
        new = sorted(self._folder.new(written, self._known))
        self._folder.make_durable(new)
        entries = [Entry(path, path.split("/")[1], *self._folder.digest(path), batch, batch) for path in new]
        self._manifest.enter(entries)
        self._known.update(new)

    def _sign(self, state: LogState) -> None:
        tree, now = state.tree, self._clock.now()
        checkpoint = signing.Checkpoint(
            signing.origin(self._key.public_key()), tree.size, tree.root(), state.last_batch, now
        )
        note = signing.sign(checkpoint, self._key)
        frontier = "".join(node.hex() for node in tree.nodes)
        row = {
            "size": tree.size,
            "last_batch": state.last_batch,
            "root": tree.root().hex(),
            "note": note,
            "frontier": frontier,
            "signed_at": now,
        }
        try:
            with self._transaction():
                noted = pa.Table.from_pylist([row], CHECKPOINTS)
                self._insert("checkpoints", noted)
                self._enter_files({"checkpoints": noted}, None)
        except (duckdb.Error, OSError, sa.exc.DBAPIError) as error:
            raise Retriable(
                f"the checkpoint was not stored: {error}. The next one will cover the same seals"
            ) from error
        state.note, state.signed_size = note, tree.size

    def _sealed(self, writer: str, number: int) -> Receipt | None:
        found = self._connection.execute(
            "SELECT batch_id, table_name, rows, root FROM lake.main.seals WHERE writer = $1 AND number = $2",
            [writer, number],
        ).fetchall()
        if not found:
            return None
        return Receipt(found[0][0], 0, sum(row[2] for row in found), {row[1]: row[3] for row in found})

    def _current(self) -> LogState:
        if self._state is None or self._lock.shared:
            self._state = load(self._connection)
        return self._state

    def _recover(self) -> None:
        """Forget everything that the failed transaction may or may not have made."""
        self._state = None
        try:
            self._connection.execute("ROLLBACK")
        except duckdb.Error:
            return  # the failure had ended the transaction already, or its session


_SEAL_ROW = pa.schema([("batch_id", pa.int64()), *SEALS])


def open_writer(settings: Settings, clock: Clock) -> LakeWriter:
    """The writer of the lake that `settings` names, made on first use; `clock` gives the moment of each seal.

    Raises Misconfigured when another process writes a lake with a SQLite catalogue.
    """
    return LakeWriter(settings, clock)
