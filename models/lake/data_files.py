"""The lake's Parquet files as files: which are new, made durable, digested."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from hashlib import file_digest, sha256
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from models.lake.places import lake_data, quoted
from models.settings import Settings


class DataFolder:
    """The data folder of a lake; paths are relative to it. On object storage there is nothing to make durable."""

    def __init__(self, settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
        self.address = lake_data(settings)
        self.local = "://" not in self.address
        self.root = Path(self.address) if self.local else None
        self._connection = connection

    def files(self, tables: Iterable[str]) -> set[str]:
        """Every Parquet file below the folders of `tables`."""
        if self.root is None:
            return {path for table in tables for path in self._listed(f"main/{table}/**")}
        found: set[str] = set()
        for table in tables:
            for folder, _, names in os.walk(self.root / "main" / table):
                below = os.path.relpath(folder, self.root)
                found.update(f"{below}/{name}" for name in names if name.endswith(".parquet"))
        return found

    def new(self, written: Mapping[str, pa.Table], known: set[str]) -> set[str]:
        """The files that rows were written to a moment ago, by table: those not `known` in the folders of their days.

        Where a table's files lie otherwise (a lake of another partitioning) all its folders are looked through.
        """
        found: set[str] = set()
        for table, rows in written.items():
            at_place = {path for folder in _folders(table, rows) for path in self._at(folder)} - known
            found |= at_place or self.files([table]) - known
        return found

    def _at(self, folder: str) -> list[str]:
        """The Parquet files of one folder."""
        if self.root is None:
            return self._listed(folder)
        place = self.root / folder
        if not place.is_dir():
            return []
        return [f"{folder}/{one.name}" for one in os.scandir(place) if one.name.endswith(".parquet")]

    def make_durable(self, paths: Iterable[str]) -> None:
        """fsync `paths` and every folder that leads to them: DuckLake never does."""
        if self.root is None:
            return
        folders: set[Path] = set()
        for path in paths:
            file = self.root / path
            _sync(file)
            folders.update(folder for folder in file.parents if folder.is_relative_to(self.root))
        for folder in sorted(folders, reverse=True):
            _sync(folder)

    def digest(self, path: str) -> tuple[str, int]:
        """SHA-256 in hex and size in bytes. Raises FileNotFoundError."""
        if self.root is None:
            return self._remote_digest(path)
        with open(self.root / path, "rb") as stream:
            return file_digest(stream, "sha256").hexdigest(), os.fstat(stream.fileno()).st_size

    def remove(self, path: str) -> None:
        """Delete a local data file; gone already is fine. Nothing else, whatever the catalogue says."""
        if self.root is None:
            return
        file = (self.root / path).resolve()
        if file.suffix == ".parquet" and file.is_relative_to(self.root.resolve()):
            file.unlink(missing_ok=True)

    def old(self, path: str, seconds: float = 86_400.0) -> bool:
        """Whether a local file was last written so many wall seconds ago; on object storage none is told old."""
        return self.root is not None and (self.root / path).stat().st_mtime < time.time() - seconds

    def size(self, paths: Iterable[str]) -> int:
        """Bytes of local files together; on object storage none are told."""
        return 0 if self.root is None else sum((self.root / path).stat().st_size for path in paths)

    def full(self, path: str) -> str:
        """The path as DuckDB reads it."""
        return f"{self.address.rstrip('/')}/{path}" if self.root is None else str(self.root / path)

    def _listed(self, folder: str) -> list[str]:
        top = self.address.rstrip("/") + "/"
        sql = f"SELECT file FROM glob({quoted(f'{top}{folder}/*.parquet')})"
        return [row[0].removeprefix(top) for row in self._connection.cursor().execute(sql).fetchall()]

    def _remote_digest(self, path: str) -> tuple[str, int]:
        try:
            row = (
                self._connection.cursor()
                .execute(f"SELECT content FROM read_blob({quoted(self.full(path))})")
                .fetchone()
            )
        except (duckdb.IOException, duckdb.HTTPException) as error:
            raise FileNotFoundError(path) from error
        if row is None:
            raise FileNotFoundError(path)
        return sha256(row[0]).hexdigest(), len(row[0])


def _folders(table: str, rows: pa.Table) -> set[str]:
    """Where DuckLake puts rows of a table: by their day in UTC where they have one."""
    if "recorded_at" not in rows.column_names:
        return {f"main/{table}"}
    days = pc.unique(pc.cast(rows.column("recorded_at"), pa.date32())).to_pylist()
    return {f"main/{table}/year={day.year}/month={day.month}/day={day.day}" for day in days if day is not None}


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
