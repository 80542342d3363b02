"""Verification of the catalogue and the data files: nothing hidden, nothing missing, not one byte changed."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb

from models.lake.breach import Report
from models.lake.catalogue_copy import copy_catalogue
from models.lake.data_files import DataFolder
from models.lake.guards import missing_on_postgres
from models.lake.lake_tables import ALL, missing_guards
from models.lake.manifest import Entry, Manifest
from models.lake.places import catalogue, quoted
from models.lake.sealed_place import openable
from models.lake.steady import steadily
from models.settings import Settings
from models.sql_statements import statements

FOOTERS_AT_ONCE = 500
_LIVE = "__ducklake_metadata_lake"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One data file as the catalogue tells it; `path` is below the data folder."""

    data_file_id: int
    table_name: str
    path: str
    record_count: int
    file_size_bytes: int
    end_snapshot: int | None


class FileCheck:
    """The catalogue's word against the files and the manifest."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, settings: Settings, report: Report) -> None:
        self._connection, self._settings, self._report = connection, settings, report
        self._folder = DataFolder(settings, connection)
        self._sql = statements(Path(__file__).with_name("catalogue_audit.sql"))
        self._entries: dict[str, Entry] = {}

    def run(self) -> None:
        """Check the catalogue as it stands at one moment, then every file it lists."""
        with self._one_moment() as place:
            listed = {name: self._rows(name, place) for name in _CATALOGUE}
        # After the catalogue, since an entry precedes its commit: a listed file without an entry is no file of ours.
        self._entries = _manifest(self._settings)
        files = [DataFile(**row) for row in listed["data_files"] if row["table_name"] in ALL]
        self._check_catalogue(files, listed)
        readable = [file for file in files if self._check_bytes(file)]
        self._check_footers(readable, listed)
        self._report.files = len(files)

    @contextmanager
    def _one_moment(self) -> Iterator[str]:
        """The name under which the catalogue's tables can be read in agreement with each other."""
        kind, _, path = catalogue(self._settings.lake_catalog_address).partition(":")
        if kind == "postgres":
            self._check_guards(missing_on_postgres(path))
            self._connection.execute("BEGIN")
            yield _LIVE
            self._connection.execute("COMMIT")
            return
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "catalog.sqlite"
            copy_catalogue(openable(Path(path)), copy)
            self._connection.execute(f"ATTACH {quoted(str(copy))} AS listed (TYPE sqlite, READ_ONLY)")
            self._check_guards(missing_guards(self._connection, str(copy)))
            yield "listed"
            self._connection.execute("DETACH listed")

    def _check_guards(self, missing: set[str]) -> None:
        for guard in sorted(missing):
            self._report.add(
                None, "catalogue", f"the guard {guard} was taken off: the writer puts it back when it starts"
            )

    def _check_catalogue(self, files: Sequence[DataFile], listed: Mapping[str, list[dict[str, Any]]]) -> None:
        by_id = {file.data_file_id: file for file in files}
        for file in files:
            if file.end_snapshot is not None:
                self._add(file, "is hidden: the catalogue says its rows ended")
        for row in listed["delete_files"]:
            if (cut := by_id.get(row["data_file_id"])) is not None:
                self._add(cut, f"has {row['delete_count']} rows marked as deleted")
        for row in listed["inlined_tables"]:
            if row["table_name"] in ALL:
                self._report.add(None, row["table_name"], "keeps rows in the catalogue, past the guards")
        self._check_tables(files, listed)

    def _check_tables(self, files: Sequence[DataFile], listed: Mapping[str, list[dict[str, Any]]]) -> None:
        living = {row["table_name"] for row in listed["tables"] if row["end_snapshot"] is None}
        for table in sorted(set(ALL) - living):
            self._report.add(None, table, "the table was dropped from the catalogue")
        for row in listed["table_counts"]:
            counted = sum(file.record_count for file in files if file.table_name == row["table_name"])
            if row["table_name"] in ALL and row["record_count"] != counted:
                self._report.add(
                    None,
                    row["table_name"],
                    f"the catalogue counts {row['record_count']} rows, its files hold {counted}",
                )

    def _check_bytes(self, file: DataFile) -> bool:
        """Whether the file is there as it was written; object storage keeps its own digests, so no entry there is no
        breach.
        """
        entry = self._entries.get(file.path)
        try:
            digest, size = self._folder.digest(file.path)
        except OSError:
            if self._still_listed(file):
                self._add(file, "is missing")
            return False
        if size != file.file_size_bytes:
            self._add(file, f"has {size} bytes, the catalogue says {file.file_size_bytes}")
        if entry is None:
            if self._folder.local:
                self._add(file, "was never entered by a writer: it replaced one that was")
        elif digest != entry.sha256:
            self._add(
                file, f"was changed: its SHA-256 is not the one entered when it was written (batches {_span(entry)})"
            )
        return True

    def _check_footers(self, files: Sequence[DataFile], listed: Mapping[str, list[dict[str, Any]]]) -> None:
        stats: dict[int, list[dict[str, Any]]] = {}
        for row in listed["column_stats"]:
            stats.setdefault(row["data_file_id"], []).append(row)
        parts: dict[int, list[tuple[str, str]]] = {}
        for row in listed["partition_values"]:
            parts.setdefault(row["data_file_id"], []).append((row["transform"], row["partition_value"]))
        for start in range(0, len(files), FOOTERS_AT_ONCE):
            some = files[start : start + FOOTERS_AT_ONCE]
            rows, columns = self._footers(some)
            for file in some:
                full = self._folder.full(file.path)
                if full in rows:
                    self._compare(
                        file,
                        rows[full],
                        columns.get(full, {}),
                        stats.get(file.data_file_id, []),
                        parts.get(file.data_file_id, []),
                    )

    def _footers(self, files: Sequence[DataFile]) -> tuple[dict[str, int], dict[str, dict[str, dict[str, Any]]]]:
        paths = [self._folder.full(file.path) for file in files]
        try:
            rows = {row["file_name"]: row["num_rows"] for row in self._rows("footer_rows", params={"files": paths})}
            columns: dict[str, dict[str, dict[str, Any]]] = {}
            for row in self._rows("footers", params={"files": paths}):
                columns.setdefault(row["file_name"], {})[row["column_name"]] = row
            return rows, columns
        except duckdb.Error as error:
            if len(files) > 1:
                halves = [self._footers(files[: len(files) // 2]), self._footers(files[len(files) // 2 :])]
                return {**halves[0][0], **halves[1][0]}, {**halves[0][1], **halves[1][1]}
            if self._still_listed(files[0]):
                self._add(files[0], f"its footer cannot be read: {str(error).splitlines()[0]}")
            return {}, {}

    def _compare(
        self,
        file: DataFile,
        rows: int,
        real: Mapping[str, dict[str, Any]],
        listed: list[dict[str, Any]],
        parts: list[tuple[str, str]],
    ) -> None:
        if rows != file.record_count:
            self._add(
                file, f"holds {rows} rows, the catalogue says {file.record_count}: the rest is hidden from counts"
            )
        narrowed = [
            row["column_name"]
            for row in listed
            if row["column_name"] in real and _narrower(row, real[row["column_name"]])
        ]
        if narrowed:
            self._add(
                file,
                f"the catalogue's ranges of {', '.join(sorted(narrowed))} are not the file's: filters would pass its "
                "rows by",
            )
        moments = real.get("recorded_at")
        if moments is not None and any(not _in_part(transform, value, moments) for transform, value in parts):
            self._add(file, "the catalogue puts it under another day than its rows: filters would pass them by")

    def _add(self, file: DataFile, what: str) -> None:
        entry = self._entries.get(file.path)
        first, last = (entry.first_batch, entry.last_batch) if entry else (None, None)
        self._report.add(first, file.table_name, f"file {file.path}: {what}", file.path, last)

    def _still_listed(self, file: DataFile) -> bool:
        """Whether a file that could not be read belongs to the lake still; a merge may have replaced it meanwhile."""
        rows = steadily(self._connection, lambda: self._rows("data_files"))
        return any(row["data_file_id"] == file.data_file_id for row in rows)

    def _rows(self, name: str, place: str = _LIVE, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        sql = self._sql[name].replace("$catalogue", place)
        rows: list[dict[str, Any]] = self._connection.execute(sql, dict(params or {})).to_arrow_table().to_pylist()
        return rows


_CATALOGUE = (
    "data_files",
    "delete_files",
    "inlined_tables",
    "tables",
    "table_counts",
    "column_stats",
    "partition_values",
)


def _manifest(settings: Settings) -> dict[str, Entry]:
    manifest = Manifest(settings)
    try:
        return manifest.entries()
    finally:
        manifest.close()


def _span(entry: Entry) -> str:
    return (
        str(entry.first_batch)
        if entry.first_batch == entry.last_batch
        else f"{entry.first_batch} to {entry.last_batch}"
    )


def _narrower(listed: Mapping[str, Any], real: Mapping[str, Any]) -> bool:
    """Whether a filter that trusts the catalogue would pass by rows that the file has."""
    if (
        real["null_count"] is not None
        and listed["null_count"] is not None
        and listed["null_count"] != real["null_count"]
    ):
        return True
    if listed["value_count"] is not None and listed["value_count"] + (listed["null_count"] or 0) != real["value_count"]:
        return True
    minima, maxima = [x for x in real["minima"] if x is not None], [x for x in real["maxima"] if x is not None]
    low, high, kind = listed["min_value"], listed["max_value"], listed["column_type"]
    try:
        return bool(
            (
                low is not None
                and minima
                and low not in minima
                and _typed(kind, low) > min(_typed(kind, x) for x in minima)
            )
            or (low is not None and len(set(minima)) > 1 and _typed(kind, low) > min(_typed(kind, x) for x in minima))
            or (
                high is not None
                and maxima
                and high not in maxima
                and _typed(kind, high) < max(_typed(kind, x) for x in maxima)
            )
            or (high is not None and len(set(maxima)) > 1 and _typed(kind, high) < max(_typed(kind, x) for x in maxima))
        )
    except (ValueError, InvalidOperation):
        return True


def _typed(kind: str, text: str) -> Any:
    if kind == "varchar":
        return text.encode()
    if kind == "timestamptz":
        return datetime.fromisoformat(text)
    if kind == "boolean":
        return text in ("1", "true")
    return Decimal(text)


def _in_part(transform: str, value: str, moments: Mapping[str, Any]) -> bool:
    if transform not in ("year", "month", "day"):
        return True
    bounds = [*moments["minima"], *moments["maxima"]]
    return all(str(getattr(datetime.fromisoformat(bound), transform)) == value for bound in bounds if bound is not None)
