"""Files of the lake that no catalogue lists any more, by our own manifest and the catalogue's rows.

DuckLake's own removal compares paths as text: an address written in another way makes every file of a living lake an
orphan. Here a file leaves only when the rest of the lake is where the catalogue says, when few leave, and for a folder
where it stays for a month.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import duckdb

from models.domain.errors import Misconfigured
from models.lake.connection import attached, open_lake
from models.lake.data_files import DataFolder
from models.lake.exclusive import writers_lock
from models.lake.lake_tables import ALL
from models.lake.manifest import Manifest
from models.settings import Settings
from models.sql_statements import statements

ORPHANS_AFTER = timedelta(days=1)
KEPT = timedelta(days=30)
SHARE = 0.01
FEW = 5
"""So many files may leave whatever their share: a kill leaves as many, of any size, and a young lake has hundreds."""

_TOO_MUCH = (
    "more than one in a hundred: that is no leftover of a kill. "
    "Run `tieout verify`, and move them by hand once you know what they are"
)
_LISTED = "data_files"
_WAITING = "SELECT path FROM __ducklake_metadata_lake.ducklake_files_scheduled_for_deletion"


@dataclass(frozen=True, slots=True)
class Orphans:
    """Paths below the data folder that nothing refers to, of how many files, and why they stay where they do."""

    paths: tuple[str, ...]
    files: int
    refused: str | None

    @property
    def movable(self) -> tuple[str, ...]:
        return () if self.refused else self.paths


def orphans_of(settings: Settings, move: bool = False) -> Orphans:
    """What would leave, and with `move` what left. Raises Misconfigured where there is no lake, or where it is to be
    moved beside a running writer.
    """
    lock = writers_lock(settings) if move else None
    connection = open_lake(settings)
    try:
        if "lake" not in attached(connection):
            raise Misconfigured("there is no audit lake here: check TIEOUT_HOME and TIEOUT_LAKE_CATALOG")
        folder, manifest = DataFolder(settings, connection), Manifest(settings)
        found = orphans(connection, folder, manifest)
        if move:
            quarantine(folder, found.movable)
        manifest.close()
        return found
    finally:
        connection.close()
        if lock is not None:
            lock.close()


def orphans(connection: duckdb.DuckDBPyConnection, folder: DataFolder, manifest: Manifest) -> Orphans:
    """Files older than a day that neither the catalogue lists nor a removal awaits."""
    listed = listed_files(connection)
    waiting = {path for (path,) in connection.execute(_WAITING).fetchall()}
    present = folder.files(ALL)
    loose = present - listed - waiting
    old = manifest.older_than(ORPHANS_AFTER.total_seconds()) if loose else set()
    young = set(manifest.entries()) - old if loose else set()
    paths = tuple(sorted(path for path in loose if path in old or (path not in young and folder.old(path))))
    return Orphans(paths, len(present), _refusal(paths, present, listed - present, folder))


def quarantine(folder: DataFolder, paths: Sequence[str]) -> int:
    """Move these files where no reader looks, and drop for good what lies there for a month; how many moved."""
    if folder.root is None:
        return 0
    place = folder.root / "orphans"
    for path in paths:
        to = place / path
        to.parent.mkdir(parents=True, exist_ok=True)
        os.replace(folder.root / path, to)
        os.utime(to)
    _drop(place)
    return len(paths)


def listed_files(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Paths of every file that some snapshot of the catalogue still refers to."""
    sql = statements(Path(__file__).with_name("catalogue_audit.sql"))[_LISTED]
    rows = connection.execute(sql.replace("$catalogue", "__ducklake_metadata_lake")).to_arrow_table()
    return set(rows.column("path").to_pylist())


def _refusal(paths: Sequence[str], present: set[str], missing: set[str], folder: DataFolder) -> str | None:
    if folder.root is None:
        return "on object storage nothing is moved: see to it with the storage's own tools"
    if missing:
        return (
            f"{len(missing)} files that the catalogue lists are not where it says ({min(missing)}): its paths are not "
            "those of this folder, so nothing can be told an orphan. Check TIEOUT_LAKE_DATA, then `tieout verify`"
        )
    if len(paths) <= FEW:
        return None
    if len(paths) > SHARE * len(present):
        return f"{len(paths)} of {len(present)} files would leave, {_TOO_MUCH}"
    size = folder.size(paths)
    if size > SHARE * folder.size(present):
        return f"{len(paths)} files of {size:,} bytes would leave, {_TOO_MUCH}"
    return None


def _drop(place: Path) -> None:
    before = time.time() - KEPT.total_seconds()
    for file in place.rglob("*.parquet"):
        if file.stat().st_mtime < before:
            file.unlink()
