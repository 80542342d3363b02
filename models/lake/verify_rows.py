"""Verification of rows: every sealed batch hashed again, a range of batches at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import duckdb
import numpy as np

from models.lake import merkle
from models.lake.batch import digests
from models.lake.breach import Report
from models.lake.canonical import Seal, leaf_sql
from models.lake.schema import TABLES
from models.lake.steady import steady_table

ROWS_AT_ONCE = 120_000


def verify_rows(connection: duckdb.DuckDBPyConnection, seals: Iterable[Seal], report: Report) -> None:
    """Hash the rows of `seals` again and report each batch that is not what its seal says.

    Each range is read in a transaction of its own: sealed rows never change, so a merge in between does no harm.
    Memory follows ROWS_AT_ONCE and the largest batch, not the size of the lake.
    """
    by_table: dict[str, list[Seal]] = {}
    for seal in seals:
        if seal.table_name in TABLES:
            by_table.setdefault(seal.table_name, []).append(seal)
        else:
            report.add(seal.batch_id, seal.table_name, "sealed under the name of a table that the lake does not have")
    for group in by_table.values():
        for chunk in _ranges(group):
            _verify_range(connection, chunk, report)


def verify_nothing_unsealed(connection: duckdb.DuckDBPyConnection, report: Report) -> None:
    """Report batches that have rows and no seal. One statement per table, so an append under way is seen whole or not
    at all.
    """
    for table in TABLES:
        try:
            rows = steady_table(
                connection,
                f"SELECT DISTINCT t.batch_id FROM lake.main.{table} t ANTI JOIN lake.main.seals s "
                f"ON s.batch_id = t.batch_id AND s.table_name = '{table}' ORDER BY ALL LIMIT 100",
            )
        except duckdb.Error as error:
            report.add(None, table, f"cannot be read: {_first_line(error)}")
            continue
        for batch in rows.column("batch_id").to_pylist():
            report.add(batch, table, "rows that were never sealed: they were put in past the writer")


def _ranges(seals: list[Seal]) -> Iterator[list[Seal]]:
    chunk: list[Seal] = []
    rows = 0
    for seal in seals:
        if chunk and (rows + seal.rows > ROWS_AT_ONCE or seal.columns != chunk[0].columns):
            yield chunk
            chunk, rows = [], 0
        chunk.append(seal)
        rows += seal.rows
    if chunk:
        yield chunk


def _verify_range(connection: duckdb.DuckDBPyConnection, seals: list[Seal], report: Report) -> None:
    try:
        found = _leaves(connection, seals)
    except duckdb.Error as error:
        if len(seals) == 1:
            report.add(seals[0].batch_id, seals[0].table_name, f"cannot be read: {_first_line(error)}")
            return
        # Halved until the error names its batch: one bad page spoils the reading of a whole range.
        for half in (seals[: len(seals) // 2], seals[len(seals) // 2 :]):
            _verify_range(connection, half, report)
        return
    for seal in seals:
        fault = _fault(seal, found.pop(seal.batch_id, None))
        if fault:
            report.add(seal.batch_id, seal.table_name, fault)
        report.rows += seal.rows


def _leaves(connection: duckdb.DuckDBPyConnection, seals: list[Seal]) -> dict[int, tuple[list[int], list[bytes]]]:
    table = seals[0].table_name
    answer = steady_table(
        connection,
        f"SELECT batch_id, n, {leaf_sql(table, TABLES[table], seals[0].columns)} AS leaf "
        f"FROM lake.main.{table} WHERE batch_id BETWEEN $1 AND $2",
        [seals[0].batch_id, seals[-1].batch_id],
    )
    batches, places = answer.column("batch_id").to_numpy(), answer.column("n").to_numpy()
    hashes = digests(answer.column("leaf"))
    order = np.lexsort((places, batches))
    if not bool((order == np.arange(len(order))).all()):
        batches, places, hashes = batches[order], places[order], [hashes[at] for at in order]
    present, starts = np.unique(batches, return_index=True)
    ends = [*starts, len(hashes)][1:]  # no rows, no ends
    return {int(b): (places[s:e].tolist(), hashes[s:e]) for b, s, e in zip(present, starts, ends, strict=True)}


def _fault(seal: Seal, found: tuple[list[int], list[bytes]] | None) -> str | None:
    if found is None:
        return f"its {seal.rows} rows are gone"
    places, hashes = found
    if len(hashes) != seal.rows:
        return f"has {len(hashes)} rows, {seal.rows} were sealed"
    if places != list(range(seal.rows)) or merkle.root(hashes).hex() != seal.root:
        return "its rows are not the ones that were sealed: altered or reordered"
    return None


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]
