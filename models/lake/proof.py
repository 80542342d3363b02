"""Inclusion proofs: that one stored row lies under a signed checkpoint. `proof_check.py` checks them anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from models.domain.errors import TieoutError
from models.lake import merkle
from models.lake.batch import digests
from models.lake.canonical import Seal, canonical_bytes, leaf_sql, seals_from
from models.lake.connection import attached, open_lake
from models.lake.schema import TABLES
from models.lake.steady import steady_table
from models.settings import Settings

Proof = dict[str, Any]


class NoProof(TieoutError):
    """A row cannot be proven; the message says why and what to do."""

    code = "lake.no-proof"


class Prover:
    """Makes proofs from one open lake; each needs the row's batch and the seals between two checkpoints, no more."""

    def __init__(self, settings: Settings, memory_mib: int = 256, threads: int = 2) -> None:
        self._connection = open_lake(settings, memory_mib=memory_mib, threads=threads)
        if "lake" not in attached(self._connection):
            self._connection.close()
            raise NoProof(f"there is no audit lake at {settings.lake_catalog_address}: check TIEOUT_HOME")

    def prove(self, table: str, batch_id: int, n: int) -> Proof:
        """The proof of row `n` of batch `batch_id` in `table`, JSON-ready.

        Raises NoProof when there is no such row, or no checkpoint over it yet.
        """
        seal = self._seal(table, batch_id)
        if not 0 <= n < seal.rows:
            raise NoProof(f"batch {batch_id} of {table} has rows 0 to {seal.rows - 1}, not {n}")
        batch = self._batch(table, seal)
        siblings = merkle.path(n, digests(batch.column("leaf")))
        row = batch.slice(n, 1).to_pylist()[0]
        note, log = self._log(seal)
        return {
            "row": canonical_bytes(table, TABLES[table], row, seal.columns).decode(),
            "batch": {"index": n, "size": seal.rows, "path": [one.hex() for one in siblings]},
            "seal": seal.data.decode(),
            "log": log,
            "note": note,
        }

    def close(self) -> None:
        self._connection.close()

    def _seal(self, table: str, batch_id: int) -> Seal:
        if table not in TABLES:
            raise NoProof(f"{table} is no sealed table: give one of {', '.join(sorted(TABLES))}")
        seals = seals_from(
            self._rows("SELECT * FROM lake.main.seals WHERE batch_id = $1 AND table_name = $2", [batch_id, table])
        )
        if not seals:
            raise NoProof(f"batch {batch_id} has no seal for {table}: run `tieout verify`")
        return seals[0]

    def _batch(self, table: str, seal: Seal) -> pa.Table:
        """The batch's rows in order, each with its leaf hash; one scan gives the row and its siblings."""
        try:
            batch = steady_table(
                self._connection,
                f"SELECT *, {leaf_sql(table, TABLES[table], seal.columns)} AS leaf "
                f"FROM lake.main.{table} WHERE batch_id = $1 ORDER BY n",
                [seal.batch_id],
            )
        except duckdb.Error as error:
            raise _unreadable(error) from error
        if merkle.root(digests(batch.column("leaf"))).hex() != seal.root:
            raise NoProof(f"batch {seal.batch_id} of {table} is not what was sealed: run `tieout verify`")
        return batch

    def _log(self, seal: Seal) -> tuple[str, dict[str, Any]]:
        """The first checkpoint over `seal`, and the seal's path to its root."""
        after = self._rows(
            "SELECT * FROM lake.main.checkpoints WHERE last_batch >= $1 ORDER BY size LIMIT 1", [seal.batch_id]
        )
        if not after:
            raise NoProof(
                f"batch {seal.batch_id} is sealed but not under a signed checkpoint yet: try again in a minute"
            )
        before = self._rows(
            "SELECT * FROM lake.main.checkpoints WHERE last_batch < $1 ORDER BY size DESC LIMIT 1", [seal.batch_id]
        )
        known, first = (_frontier(before[0]), before[0]["last_batch"]) if before else (merkle.Frontier(), 0)
        later = seals_from(
            self._rows(
                "SELECT * FROM lake.main.seals WHERE batch_id > $1 AND batch_id <= $2 ORDER BY batch_id, table_name",
                [first, after[0]["last_batch"]],
            )
        )
        index = known.size + [(one.batch_id, one.table_name) for one in later].index((seal.batch_id, seal.table_name))
        siblings = merkle.path_beyond(index, known, [one.digest for one in later])
        size = known.size + len(later)
        return after[0]["note"], {"index": index, "size": size, "path": [one.hex() for one in siblings]}

    def _rows(self, sql: str, params: list[Any]) -> list[dict[str, Any]]:
        try:
            rows: list[dict[str, Any]] = steady_table(self._connection, sql, params).to_pylist()
        except duckdb.Error as error:
            raise _unreadable(error) from error
        return rows


def prove(settings: Settings, table: str, batch_id: int, n: int) -> Proof:
    """One proof from the lake of `settings`; keep a Prover for many. Raises NoProof."""
    prover = Prover(settings)
    try:
        return prover.prove(table, batch_id, n)
    finally:
        prover.close()


def _frontier(checkpoint: Mapping[str, Any]) -> merkle.Frontier:
    text = checkpoint["frontier"]
    return merkle.Frontier(checkpoint["size"], [bytes.fromhex(text[at : at + 64]) for at in range(0, len(text), 64)])


def _unreadable(error: duckdb.Error) -> NoProof:
    return NoProof(f"the lake cannot be read ({str(error).splitlines()[0]}): run `tieout verify`")
