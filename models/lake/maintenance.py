"""Keeping the lake quick: small files merged tier by tier, old snapshots and files dropped, never under a reader's
feet.
"""

from __future__ import annotations

import ctypes
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from models.action_log import action
from models.lake.data_files import DataFolder
from models.lake.exclusive import AdvisoryLock, FileLock
from models.lake.lake_tables import ALL
from models.lake.manifest import Entry, Manifest
from models.lake.orphans import ORPHANS_AFTER, listed_files, orphans, quarantine
from models.lake.undisturbed import merging

_log = logging.getLogger(__name__)
_MIB = 1 << 20
_BREATH = 0.01
"""Wall seconds between two merges, so that an append which waits for the writer's lock gets it."""
TIERS = ((0, 2 * _MIB, 8), (2 * _MIB, 32 * _MIB, 8), (32 * _MIB, 192 * _MIB, 4))
"""(from bytes, below bytes, how many files of that size make a merge worth it). A merge takes about as many as make
one file of the next tier: so a row is rewritten about once per tier, and ten thousand small files are merged in steps
that each hold a few hundred.
"""
_TARGET = 256 * _MIB


@dataclass(frozen=True, slots=True)
class Maintained:
    """Files that were merged, files that came of it, and files removed from the disk."""

    merged: int
    made: int
    removed: int


def maintain(
    connection: duckdb.DuckDBPyConnection,
    lock: FileLock | AdvisoryLock,
    folder: DataFolder,
    manifest: Manifest,
    keep: timedelta,
    grace: timedelta,
) -> Maintained:
    """Merge, expire and clean up. The writer's lock is let go between steps, so appends wait for one merge at most.

    What is left to do when somebody begins to read undisturbed is left to the next time.
    """
    merged = made = 0
    try:
        for table in ALL:
            for tier in TIERS:
                for before, after in _merges(connection, lock, folder, manifest, table, tier):
                    merged, made = merged + before, made + after
        with _step(connection, lock):
            removed = _drop_old(connection, folder, manifest, keep, grace)
    except _ReadUndisturbed:
        action(_log, logging.INFO, "maintenance.put_off", merged=merged, made=made)
        return Maintained(merged, made, 0)
    return Maintained(merged, made, removed)


class _ReadUndisturbed(Exception):
    """Somebody reads the lake, and was overtaken before."""


@contextmanager
def _step(connection: duckdb.DuckDBPyConnection, lock: FileLock | AdvisoryLock) -> Iterator[None]:
    """Nobody appends meanwhile, and nobody reads undisturbed. Raises _ReadUndisturbed where somebody does."""
    with lock.held(), merging(connection) as alone:
        if not alone:
            raise _ReadUndisturbed
        yield


def _merges(
    connection: duckdb.DuckDBPyConnection,
    lock: FileLock | AdvisoryLock,
    folder: DataFolder,
    manifest: Manifest,
    table: str,
    tier: tuple[int, int, int],
) -> Iterator[tuple[int, int]]:
    """Files that became one, step by step, until too few of the tier are left or none of them lie together."""
    low, high, enough = tier
    while True:
        with _step(connection, lock), _one_thread(connection):
            small = _small_files(connection, table, low, high)
            before, after = _merged(connection, folder, manifest, table, low, high) if small >= enough else (0, 0)
        yield before, after
        if before <= after:
            return
        time.sleep(_BREATH)


def _merged(
    connection: duckdb.DuckDBPyConnection, folder: DataFolder, manifest: Manifest, table: str, low: int, high: int
) -> tuple[int, int]:
    known = folder.files([table])
    connection.execute("BEGIN")
    try:
        _aim(connection, table, high)
        done = connection.execute(
            f"CALL ducklake_merge_adjacent_files('lake', '{table}', min_file_size => {low}, max_file_size => {high}, "
            "max_compacted_files => 1)"
        ).fetchall()
        _aim(connection, table, _TARGET)
        _enter(connection, folder, manifest, sorted(folder.files([table]) - known))
        connection.execute("COMMIT" if done else "ROLLBACK")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return sum(row[2] for row in done), sum(row[3] for row in done)


def _aim(connection: duckdb.DuckDBPyConnection, table: str, size: int) -> None:
    """How large the files of a table are to become: a merge stops taking files there. The option is the open
    transaction's until it is set back, so that no append and no kill sees it.
    """
    connection.execute(f"CALL lake.set_option('target_file_size', '{size}B', table_name => '{table}')")


@contextmanager
def _one_thread(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A merge by one thread takes a third of the memory (+80 MiB) and no more CPU."""
    (threads,) = connection.execute("SELECT current_setting('threads')").fetchone() or (1,)
    connection.execute("SET threads = 1")
    try:
        yield
    finally:
        connection.execute(f"SET threads = {threads}")


def _small_files(connection: duckdb.DuckDBPyConnection, table: str, low: int, high: int) -> int:
    row = connection.execute(
        "SELECT count(*) FROM __ducklake_metadata_lake.ducklake_data_file "
        "JOIN __ducklake_metadata_lake.ducklake_table t USING (table_id) "
        "WHERE t.table_name = $1 AND t.end_snapshot IS NULL AND file_size_bytes >= $2 AND file_size_bytes < $3",
        [table, low, high],
    ).fetchone()
    return int(row[0]) if row else 0


def _enter(connection: duckdb.DuckDBPyConnection, folder: DataFolder, manifest: Manifest, new: list[str]) -> None:
    """Merged files durable and digested before the commit that replaces what they were made of."""
    folder.make_durable(new)
    entries = []
    for path in new:
        table = path.split("/")[1]
        key = "last_batch" if table == "checkpoints" else "batch_id"
        batches = connection.cursor().execute(
            f"SELECT min({key}), max({key}) FROM read_parquet($1)", [folder.full(path)]
        ).fetchone() or (None, None)
        entries.append(Entry(path, table, *folder.digest(path), *batches))
    if entries:
        manifest.enter(entries)


def _drop_old(
    connection: duckdb.DuckDBPyConnection, folder: DataFolder, manifest: Manifest, keep: timedelta, grace: timedelta
) -> int:
    # Without this a power loss between a merge and its clean-up could take the merged file and find its sources
    # deleted.
    _sync_file_system(folder)
    now = datetime.now(UTC)
    _expire(connection, now - keep)
    gone = _remove_scheduled(connection, folder, now - grace)
    found = orphans(connection, folder, manifest)
    if found.refused and found.paths:
        action(_log, logging.WARNING, "orphans.refused", files=len(found.paths), why=found.refused)
    quarantine(folder, found.movable)
    _forget(connection, folder, manifest)
    return gone


def _forget(connection: duckdb.DuckDBPyConnection, folder: DataFolder, manifest: Manifest) -> None:
    """Drop entries of files that are gone for good: never a listed one's, for it would say that the file was there.
    Young entries stay: another writer's file may be entered and not yet on the list.
    """
    old = manifest.older_than(ORPHANS_AFTER.total_seconds())
    manifest.forget(sorted(old - folder.files(ALL) - listed_files(connection)))


# Both by ids, never by DuckLake's `older_than`: on a SQLite catalogue version 1.5.5 compares times as text of two
# different
# forms, so any moment of today counts as younger than all of today and nothing would be kept.


def _expire(connection: duckdb.DuckDBPyConnection, before: datetime) -> None:
    rows = connection.execute(
        "SELECT snapshot_id FROM ducklake_snapshots('lake') WHERE snapshot_time < $1 ORDER BY ALL", [before]
    ).fetchall()
    for start in range(0, len(rows), 1000):
        versions = ", ".join(str(row[0]) for row in rows[start : start + 1000])
        connection.execute(f"CALL ducklake_expire_snapshots('lake', versions => [{versions}])")


def _remove_scheduled(connection: duckdb.DuckDBPyConnection, folder: DataFolder, before: datetime) -> int:
    """Remove files that no snapshot needs since `before`: the files first, so that a kill leaves a list to go by."""
    rows = connection.execute(
        "SELECT data_file_id, path FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion "
        "WHERE CAST(schedule_start AS TIMESTAMPTZ) < $1 "
        "AND data_file_id NOT IN (SELECT data_file_id FROM __ducklake_metadata_lake.ducklake_data_file)",
        [before],
    ).fetchall()
    if not folder.local:
        return len(
            connection.execute(
                "CALL ducklake_cleanup_old_files('lake', older_than => $1)", [before - ORPHANS_AFTER]
            ).fetchall()
        )
    for _, path in rows:
        folder.remove(path)
    if rows:
        listed = ", ".join(str(row[0]) for row in rows)
        connection.execute(
            "DELETE FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion "
            f"WHERE data_file_id IN ({listed})"
        )
    return len(rows)


def _sync_file_system(folder: DataFolder) -> None:
    if not folder.local:
        return
    descriptor = os.open(Path(folder.address), os.O_RDONLY)
    try:
        if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
            raise OSError(ctypes.get_errno(), "syncfs failed; nothing was cleaned up", folder.address)
    finally:
        os.close(descriptor)
