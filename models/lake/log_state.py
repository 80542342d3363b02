"""Where the log of seals stands, so that an append need not read the past."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from models.lake.canonical import FIRST, Seal, seals_from
from models.lake.merkle import Frontier


@dataclass
class LogState:
    """The last batch, each writer's last seal and number, the tree of seals, and the last signed note."""

    last_batch: int
    chains: dict[str, tuple[int, str]]
    tree: Frontier
    note: str | None
    signed_size: int

    def number(self, writer: str) -> int:
        return self.chains.get(writer, (0, FIRST))[0]

    def previous(self, writer: str) -> str:
        return self.chains.get(writer, (0, FIRST))[1]

    def add(self, seals: Sequence[Seal]) -> None:
        """Take in the seals of one committed batch, in their order."""
        for seal in seals:
            digest = seal.digest
            self.tree.append(digest)
            self.chains[seal.writer] = (max(seal.number, self.number(seal.writer)), digest.hex())
            self.last_batch = seal.batch_id


def load(connection: duckdb.DuckDBPyConnection) -> LogState:
    """The state as the lake tells it: the last checkpoint's frontier and the seals after it."""
    row = connection.execute(
        "SELECT size, last_batch, frontier, note FROM lake.main.checkpoints ORDER BY size DESC LIMIT 1"
    ).fetchone()
    size, last, frontier, note = row or (0, 0, "", None)
    nodes = [bytes.fromhex(frontier[at : at + 64]) for at in range(0, len(frontier), 64)]
    state = LogState(last, _chains(connection, last), Frontier(size, nodes), note, size)
    answer = connection.execute(
        "SELECT * FROM lake.main.seals WHERE batch_id > $1 ORDER BY batch_id, table_name", [last]
    )
    state.add(seals_from(answer.to_arrow_table().to_pylist()))
    return state


def _chains(connection: duckdb.DuckDBPyConnection, last: int) -> dict[str, tuple[int, str]]:
    answer = connection.execute(
        "SELECT arg_max(s, (s.batch_id, s.table_name)) AS seal, max(number) AS number FROM lake.main.seals s "
        "WHERE batch_id <= $1 GROUP BY writer",
        [last],
    )
    found: dict[str, tuple[int, str]] = {}
    for row in answer.to_arrow_table().to_pylist():
        (seal,) = seals_from([row["seal"]])
        found[seal.writer] = (row["number"], seal.digest.hex())
    return found
