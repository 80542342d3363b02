"""The lake's Parquet files as files: which are new, made durable, digested."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from hashlib import file_digest, sha256
from pathlib import Path

import duckdb

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
            return self._listed(tables)
        found: set[str] = set()
        for table in tables:
            for folder, _, names in os.walk(self.root / "main" / table):
                below = os.path.relpath(folder, self.root)
                found.update(f"{below}/{name}" for name in names if name.endswith(".parquet"))
        return found

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
