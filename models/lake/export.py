"""The whole lake as plain Parquet with its seals, for readers that know neither DuckLake nor us.

A file is named for the batches that it holds, the sums are written last, and `verify_export` proves the whole by
itself: with no catalogue, no home and no extension of DuckDB.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

import duckdb

from models.domain.clock import Clock
from models.domain.errors import Misconfigured
from models.lake.connection import attached, open_lake
from models.lake.lake_tables import SEALED
from models.lake.places import quoted
from models.lake.signing import public_key, verifier_text
from models.lake.steady import steadily, steady_table
from models.lake.verify_rows import ROWS_AT_ONCE
from models.settings import Settings

SUMS, STATED, KEY, README = "SHA256SUMS", "export.json", "audit.pub", "README.md"
_FORM = "FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 30720"


@dataclass(frozen=True, slots=True)
class Stated:
    """What an export says of itself. `made_at` is wall time before `last_batch` was read, so every checkpoint signed
    until then is of a batch in it.
    """

    made_at: datetime
    last_batch: int
    rows: int
    files: int


def export(settings: Settings, folder: Path, clock: Clock, memory_mib: int = 256) -> Stated:
    """Write every sealed batch of this moment into `folder`, which is new or empty; safe beside a running writer.

    Raises Misconfigured where there is no lake, nothing sealed, no key, or something in the folder already.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise Misconfigured(f"{folder} is not empty: name a folder that is new, so that an export is of one moment")
    key, made_at = public_key(settings), clock.now()
    connection = open_lake(settings, memory_mib=memory_mib)
    try:
        last = _last(connection) if "lake" in attached(connection) else 0
        if not last or key is None:
            raise Misconfigured(
                "nothing to export: no sealed batch or no audit key is here; check TIEOUT_HOME, TIEOUT_LAKE_CATALOG"
            )
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = [*_rows_written(connection, folder, last), *_seals_written(connection, folder, last)]
        (rows,) = connection.execute(f"SELECT sum(rows) FROM lake.main.seals WHERE batch_id <= {last}").fetchone() or ()
    finally:
        connection.close()
    stated = Stated(made_at, last, int(rows), len(files))
    files += _described(folder, stated, verifier_text(key))
    _summed(folder, files)
    return stated


def _last(connection: duckdb.DuckDBPyConnection) -> int:
    sql = "SELECT max(batch_id) AS last FROM lake.main.seals"
    (last,) = steady_table(connection, sql).column("last").to_pylist()
    return int(last or 0)


def _rows_written(connection: duckdb.DuckDBPyConnection, folder: Path, last: int) -> Iterator[Path]:
    for table in SEALED:
        for low, high in _ranges(connection, table, last):
            file = folder / table / f"{low:012d}-{high:012d}.parquet"
            rows = f"SELECT * FROM lake.main.{table} WHERE batch_id BETWEEN {low} AND {high} ORDER BY batch_id, n"
            _write(connection, rows, file)
            yield file


def _ranges(connection: duckdb.DuckDBPyConnection, table: str, last: int) -> list[tuple[int, int]]:
    """Runs of batches with about ROWS_AT_ONCE rows; rows without a seal go with the run that they lie in."""
    answer = steady_table(
        connection,
        "SELECT min(batch_id) AS low, max(batch_id) AS high FROM (SELECT batch_id, "
        f"(sum(rows) OVER (ORDER BY batch_id) - rows) // {ROWS_AT_ONCE} AS part FROM lake.main.seals "
        "WHERE table_name = $1 AND batch_id <= $2) GROUP BY part ORDER BY low",
        [table, last],
    )
    return [(row["low"], row["high"]) for row in answer.to_pylist()]


def _seals_written(connection: duckdb.DuckDBPyConnection, folder: Path, last: int) -> Iterator[Path]:
    wanted = {
        "seals": f"WHERE batch_id <= {last} ORDER BY batch_id, table_name",
        "checkpoints": f"WHERE last_batch <= {last} ORDER BY size",
    }
    for table, which in wanted.items():
        file = folder / table / f"{1:012d}-{last:012d}.parquet"
        _write(connection, f"SELECT * FROM lake.main.{table} {which}", file)
        yield file


def _write(connection: duckdb.DuckDBPyConnection, rows: str, file: Path) -> None:
    file.parent.mkdir(exist_ok=True, mode=0o700)
    steadily(connection, lambda: connection.execute(f"COPY ({rows}) TO {quoted(str(file))} ({_FORM})"))
    file.chmod(0o600)


def _described(folder: Path, stated: Stated, key: str) -> list[Path]:
    said = {**asdict(stated), "made_at": stated.made_at.isoformat()}
    text = Path(__file__).with_name("export_readme.md").read_text(encoding="utf-8")
    texts = {STATED: json.dumps(said, indent=1), KEY: key, README: text.format(**said).rstrip()}
    for name, content in texts.items():
        (folder / name).write_text(content + "\n", encoding="utf-8")
        (folder / name).chmod(0o600)
    return [folder / name for name in texts]


def _summed(folder: Path, files: list[Path]) -> None:
    """Every file on the disk with its sum before the list of them is: an export without that list is unfinished."""
    lines = []
    for file in sorted(files):
        with open(file, "rb") as stream:
            os.fsync(stream.fileno())
            lines.append(f"{file_digest(stream, 'sha256').hexdigest()}  {file.relative_to(folder)}\n")
    part = folder / f"{SUMS}.part"
    with open(part, "w", encoding="utf-8") as stream_out:
        part.chmod(0o600)
        stream_out.writelines(lines)
        stream_out.flush()
        os.fsync(stream_out.fileno())
    os.replace(part, folder / SUMS)
