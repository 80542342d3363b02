"""Whether an export is what was sealed: its rows, seals and checkpoints, and the witness's where one is given.

The parts that prove the lake prove it here, over views on the export's files. No home is needed and no extension.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from datetime import datetime
from hashlib import file_digest
from pathlib import Path

import duckdb
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from models.domain.errors import Misconfigured
from models.lake import witness as kept
from models.lake.breach import Report
from models.lake.connection import plain_engine
from models.lake.export import KEY, STATED, SUMS
from models.lake.lake_tables import ALL
from models.lake.places import quoted
from models.lake.publish import columns_of
from models.lake.signing import BadNote, key_from_text, opened
from models.lake.verify_sealed import verify_sealed


def verify_export(folder: Path, witness: Path | None = None, memory_mib: int = 512, threads: int = 2) -> Report:
    """Every breach of the export in `folder`. Raises Misconfigured where nothing can be told: there is no finished
    export, it holds nothing, or the witness that is named has no checkpoint.
    """
    if not (folder / SUMS).is_file():
        raise Misconfigured(f"{folder} is no finished export of a lake: it has no {SUMS}")
    remembered = kept.notes(witness) if witness else []
    if witness and not remembered:
        raise Misconfigured(f"the witness {witness} keeps no checkpoint: give what checkpoints are pushed to")
    report = Report(journal="journal: not compared, an export holds none")
    sums = _sums(folder)
    _check_sums(folder, sums, report)
    report.witness = _attested(folder, witness, remembered)
    with tempfile.TemporaryDirectory(prefix="tieout-") as spill:
        connection = plain_engine(spill, memory_mib=memory_mib, threads=threads)
        try:
            _verify(connection, folder, sums, _of_its_time(folder, remembered), report)
        finally:
            connection.close()
    if report.sound and not report.batches:
        raise Misconfigured(f"nothing to verify: the export in {folder} has no sealed batch. Nothing is not whole")
    report.breaches.sort(key=lambda breach: (breach.batch_id is None, breach.batch_id or 0, breach.table))
    return report


def _verify(
    connection: duckdb.DuckDBPyConnection, folder: Path, sums: dict[str, str], remembered: Sequence[str], report: Report
) -> None:
    connection.execute("ATTACH ':memory:' AS lake")
    for table in ALL:
        _shown(connection, folder, table, [path for path in sums if path.startswith(f"{table}/")], report)
    verify_sealed(connection, _key(folder), remembered, report)


def _shown(
    connection: duckdb.DuckDBPyConnection, folder: Path, table: str, paths: Sequence[str], report: Report
) -> None:
    """Make the table's readable files its view; a table without any is empty."""
    columns = columns_of(table)
    files = [str(folder / path) for path in paths if _readable(connection, folder / path, path, columns, report)]
    report.files += len(files)
    if files:
        listed = ", ".join(map(quoted, files))
        connection.execute(f"CREATE VIEW lake.main.{table} AS SELECT * FROM read_parquet([{listed}])")
    else:
        of = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f"CREATE TABLE lake.main.{table} ({of})")


def _readable(
    connection: duckdb.DuckDBPyConnection, file: Path, path: str, columns: dict[str, str], report: Report
) -> bool:
    if not file.is_file():
        return False  # its sum says so
    try:
        found = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quoted(str(file))})").fetchall()
    except duckdb.Error as error:
        _add(report, path, f"cannot be read: {str(error).splitlines()[0]}")
        return False
    have = {name: kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ") for name, kind, *_ in found}
    if have != {name: kind for name, kind in columns.items() if name in have} or "batch_id" in columns.keys() - have:
        _add(report, path, "has other columns than the lake's table")
        return False
    return True


def _sums(folder: Path) -> dict[str, str]:
    """Each listed path with its sum; paths that lead out of the folder are none of an export."""
    lines = [line.partition("  ") for line in (folder / SUMS).read_text(encoding="utf-8").splitlines()]
    return {path: digest for digest, _, path in lines if path and ".." not in Path(path).parts and path[0] != "/"}


def _check_sums(folder: Path, sums: dict[str, str], report: Report) -> None:
    for path, digest in sums.items():
        if not (folder / path).is_file():
            _add(report, path, "is missing")
            continue
        with open(folder / path, "rb") as stream:
            if file_digest(stream, "sha256").hexdigest() != digest:
                _add(report, path, f"was changed: its SHA-256 is not the one in {SUMS}")
    for file in sorted(folder.rglob("*.parquet")):
        if (path := str(file.relative_to(folder))) not in sums:
            _add(report, path, f"is not of this export: {SUMS} does not list it")


def _add(report: Report, path: str, what: str) -> None:
    """A fault of one file, with the batches that its name says it holds."""
    first, _, last = Path(path).stem.partition("-")
    span = (int(first), int(last)) if first.isdecimal() and last.isdecimal() else (None, None)
    report.add(span[0], path.partition("/")[0], f"file {path}: {what}", path, span[1])


def _key(folder: Path) -> Ed25519PublicKey | None:
    """The export's own key; None where it is gone or is none, which its sum says."""
    try:
        return key_from_text((folder / KEY).read_text())
    except (OSError, UnicodeDecodeError, Misconfigured):
        return None


def _of_its_time(folder: Path, remembered: Sequence[str]) -> list[str]:
    """The witness's notes but for those signed after the export was made, which it cannot hold; one that does not hold
    by the export's key stays, to be named.
    """
    key = _key(folder)
    try:
        made_at = datetime.fromisoformat(json.loads((folder / STATED).read_text())["made_at"])
    except (OSError, ValueError, KeyError, TypeError):
        return list(remembered)
    return [note for note in remembered if key is None or not _later(note, key, made_at)]


def _later(note: str, key: Ed25519PublicKey, made_at: datetime) -> bool:
    try:
        return opened(note, key).signed_at > made_at
    except BadNote:
        return False


def _attested(folder: Path, witness: Path | None, remembered: Sequence[str]) -> str:
    if witness is None:
        return (
            "witness: none was asked, so key and checkpoints are the export's own word; give --witness, or compare "
            f"{folder / KEY} with the key that the owner told you"
        )
    held = len(_of_its_time(folder, remembered))
    return (
        f"witness {witness}: {held:,} of {len(remembered):,} checkpoints are of the time that the export says it is of"
    )
