"""The lake's Parquet files as files: which are new, made durable, digested."""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import file_digest, sha256
from pathlib import Path

import duckdb

from models.lake.places import quoted
from models.settings import Settings


class DataFolder:
    """The data folder of a lake; paths are relative to it. On object storage there is nothing to make durable."""

    def __init__(self, settings: Settings, connection: duckdb.DuckDBPyConnection) -> None:
        self.address = settings.lake_data_address
        self.local = "://" not in self.address
        self._root = Path(self.address).absolute() if self.local else None
        self._connection = connection

    def files(self, tables: Iterable[str]) -> set[str]:
        """Every Parquet file below the folders of `tables`."""
        if self._root is None:
            return self._listed(tables)
        found: set[str] = set()
        for table in tables:
            for folder, _, names in os.walk(self._root / "main" / table):
                below = os.path.relpath(folder, self._root)
                found.update(f"{below}/{name}" for name in names if name.endswith(".parquet"))
        return found

    def make_durable(self, paths: Iterable[str]) -> None:
        """fsync `paths` and every folder that leads to them: DuckLake never does."""
        if self._root is None:
            return
        folders: set[Path] = set()
        for path in paths:
            file = self._root / path
            _sync(file)
            folders.update(folder for folder in file.parents if folder.is_relative_to(self._root))
        for folder in sorted(folders, reverse=True):
            _sync(folder)

    def digest(self, path: str) -> tuple[str, int]:
        """SHA-256 in hex and size in bytes. Raises FileNotFoundError."""
        if self._root is None:
            return self._remote_digest(path)
        with open(self._root / path, "rb") as stream:
            return file_digest(stream, "sha256").hexdigest(), os.fstat(stream.fileno()).st_size

    def remove(self, path: str) -> None:
        """Delete a local data file; gone already is fine. Nothing else, whatever the catalogue says."""
        if self._root is None:
            return
        file = (self._root / path).resolve()
        if file.suffix == ".parquet" and file.is_relative_to(self._root.resolve()):
            file.unlink(missing_ok=True)

    def full(self, path: str) -> str:
        """The path as DuckDB reads it."""
        return f"{self.address.rstrip('/')}/{path}" if self._root is None else str(self._root / path)

    def _listed(self, tables: Iterable[str]) -> set[str]:
        found: set[str] = set()
        for table in tables:
            pattern = f"{self.address.rstrip('/')}/main/{table}/**/*.parquet"
            rows = self._connection.cursor().execute(f"SELECT file FROM glob({quoted(pattern)})").fetchall()
            found.update(row[0].removeprefix(self.address.rstrip("/") + "/") for row in rows)
        return found

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


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
