"""What somebody with access to a home's files can do to it; each attack says which batches a verification must name."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import duckdb
import pyarrow as pa

from models.lake.connection import open_lake
from models.lake.guards import install_sqlite
from models.lake.signing import key_folder
from models.lake.writer import open_writer
from tests.unit.lake.samples import HandClock, settings_at, spans

LAST = 12


@dataclass(frozen=True)
class Attack:
    """`names` are (batch, table) pairs of which one must be in the report; a None batch matches any."""

    do: Callable[[Path], None]
    names: tuple[tuple[int | None, str], ...]
    says: str = ""


def files(home: Path, table: str) -> list[Path]:
    return sorted((home / "lake" / "data" / "main" / table).rglob("*.parquet"))


def flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 0x01
    file.write_bytes(content)


def catalogue(*statements: str) -> Callable[[Path], None]:
    """Change the catalogue as somebody would who opened it with sqlite3, guards taken off and put back."""
    return lambda home: elsewhere(home / "lake" / "catalog.sqlite", *statements)


def unguarded(*statements: str) -> Callable[[Path], None]:
    """Run DuckLake's own statements with the guards taken off and put back."""

    def run(home: Path) -> None:
        path = home / "lake" / "catalog.sqlite"
        elsewhere(path, keep_guards=False)
        connection = open_lake(settings_at(home), write=True)
        for statement in statements:
            connection.execute(statement)
        connection.close()
        install_sqlite(path)

    return run


_PROGRAM = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
for name, _ in guards:
    connection.execute(f"DROP TRIGGER {name}")
for statement in sys.argv[3:]:
    assert connection.execute(statement).rowcount != 0, statement
for _, made in guards if sys.argv[2] == "True" else ():
    connection.execute(made)
connection.commit()
"""


def elsewhere(path: Path, *statements: str, keep_guards: bool = True) -> None:
    """Run `statements` with sqlite3 in another process: DuckDB's own SQLite has the file open in this one."""
    subprocess.run([sys.executable, "-I", "-c", _PROGRAM, str(path), str(keep_guards), *statements], check=True)


def file_of(batch: int, table: str) -> str:
    """SQL: the id of the data file of one batch; files were written batch by batch."""
    return (
        "(SELECT data_file_id FROM ducklake_data_file JOIN ducklake_table t USING (table_id) "
        f"WHERE t.table_name = '{table}' ORDER BY data_file_id LIMIT 1 OFFSET {batch - 1})"
    )


def column_of(name: str) -> str:
    """SQL: the id of a column of the spans."""
    return (
        "(SELECT column_id FROM ducklake_column c JOIN ducklake_table t USING (table_id) "
        f"WHERE t.table_name = '{SPANS}' AND c.column_name = '{name}')"
    )


def edit_a_value(home: Path) -> None:
    """Change one value in a Parquet file, keep its statistics honest, and make the catalogue and the manifest agree."""
    file = files(home, "spans")[6]
    engine = duckdb.connect()
    engine.execute("SET TimeZone = 'UTC'")
    engine.execute(f"CREATE TABLE edited AS FROM '{file}'")
    fields = [row[0] for row in engine.execute("DESCRIBE edited").fetchall()]
    ids = ", ".join(f'"{name}": {number}' for number, name in enumerate(fields, 1))
    engine.execute("UPDATE edited SET name = 'step 0' WHERE n = 3")
    engine.execute(f"COPY (FROM edited ORDER BY n) TO '{file}' (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {{{ids}}})")
    content = file.read_bytes()
    footer = struct.unpack("<I", content[-8:-4])[0]
    catalogue(
        f"UPDATE ducklake_data_file SET file_size_bytes = {len(content)}, footer_size = {footer} "
        f"WHERE path LIKE '%{file.name}'"
    )(home)
    _forge_manifest(home, file, content)


def _forge_manifest(home: Path, file: Path, content: bytes) -> None:
    digest = sha256(content).hexdigest()
    elsewhere(
        home / "lake" / "manifest.sqlite",
        f"UPDATE tieout_file SET sha256 = '{digest}', size = {len(content)} WHERE path LIKE '%{file.name}'",
    )


def rewrite_history(home: Path) -> None:
    """Build a different lake in place, with a fresh key, and leave only the witness of the old one."""
    shutil.rmtree(home / "lake")
    shutil.rmtree(key_folder(settings_at(home)))
    settings = settings_at(home, witness=home / "thrown-away.txt")
    writer = open_writer(settings, HandClock())
    for number in range(1, LAST + 1):
        writer.append({"spans": spans(9, number)}, "otlp", number)
    writer.checkpoint()
    writer.close()


def drop_the_tail(home: Path) -> None:
    """Take the last batch, its seals and every checkpoint over it out of the catalogue, counters and manifest too."""
    unguarded(
        f"DELETE FROM lake.main.spans WHERE batch_id = {LAST}",
        f"DELETE FROM lake.main.records WHERE batch_id = {LAST}",
        f"DELETE FROM lake.main.seals WHERE batch_id = {LAST}",
        f"DELETE FROM lake.main.checkpoints WHERE last_batch = {LAST}",
    )(home)
    catalogue(
        "UPDATE ducklake_table_stats SET record_count = "
        "(SELECT sum(record_count) FROM ducklake_data_file f "
        "WHERE f.table_id = ducklake_table_stats.table_id AND f.end_snapshot IS NULL)",
        "DELETE FROM ducklake_data_file WHERE end_snapshot IS NOT NULL",
    )(home)


def put_in_rows(home: Path) -> None:
    connection = open_lake(settings_at(home), write=True)
    connection.execute("INSERT INTO lake.main.records (batch_id, n, record_id) VALUES (5, 7, 'smuggled')")
    connection.close()


def put_in_a_batch(home: Path) -> None:
    connection = open_lake(settings_at(home), write=True)
    connection.register(
        "smuggled",
        pa.table({"batch_id": pa.array([99], pa.int64()), "n": pa.array([0], pa.int32()), "record_id": ["x"]}),
    )
    connection.execute("INSERT INTO lake.main.records BY NAME SELECT * FROM smuggled")
    connection.close()


def _swap_files(home: Path) -> None:
    one, other = files(home, "spans")[2:4]
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


SPANS, SEALS = "spans", "seals"
ATTACKS: dict[str, Attack] = {
    "one byte in the data of a file": Attack(lambda home: flip(files(home, SPANS)[3], 60), ((4, SPANS),)),
    "one byte in the middle of a file": Attack(
        lambda home: flip(files(home, SPANS)[3], files(home, SPANS)[3].stat().st_size // 2), ((4, SPANS),)
    ),
    "one byte in a footer": Attack(
        lambda home: flip(files(home, SPANS)[3], files(home, SPANS)[3].stat().st_size - 40), ((4, SPANS),)
    ),
    "one byte in the magic number": Attack(lambda home: flip(files(home, "records")[8], 0), ((9, "records"),)),
    "one byte in a file of seals": Attack(lambda home: flip(files(home, SEALS)[5], 100), ((6, SEALS),)),
    "one byte in a file of checkpoints": Attack(
        lambda home: flip(files(home, "checkpoints")[0], 50), ((None, "checkpoints"),)
    ),
    "a file deleted": Attack(lambda home: files(home, SPANS)[4].unlink(), ((5, SPANS),)),
    "a file of seals deleted": Attack(lambda home: files(home, SEALS)[4].unlink(), ((5, SEALS),)),
    "a file cut short": Attack(
        lambda home: files(home, SPANS)[4].write_bytes(files(home, SPANS)[4].read_bytes()[:-20]), ((5, SPANS),)
    ),
    "two files swapped": Attack(_swap_files, ((3, SPANS),)),
    "a value edited, catalogue and manifest forged": Attack(edit_a_value, ((7, SPANS),), "altered"),
    "one row deleted": Attack(
        unguarded("DELETE FROM lake.main.spans WHERE batch_id = 9 AND n = 4"), ((9, SPANS),), "49 rows, 50 were sealed"
    ),
    "one row updated": Attack(
        unguarded("UPDATE lake.main.records SET amount = 0 WHERE batch_id = 9 AND n = 4"), ((9, "records"),), "altered"
    ),
    "rows reordered": Attack(
        unguarded("UPDATE lake.main.records SET n = 6 - n WHERE batch_id = 9"),
        ((9, "records"),),
        "altered or reordered",
    ),
    "rows moved to another batch": Attack(
        unguarded("UPDATE lake.main.records SET batch_id = 3 WHERE batch_id = 9"), ((9, "records"),)
    ),
    "a batch and its seals deleted": Attack(
        unguarded(*(f"DELETE FROM lake.main.{table} WHERE batch_id = 6" for table in (SPANS, "records", SEALS))),
        ((6, SEALS),),
        "removed",
    ),
    "one seal deleted": Attack(
        unguarded("DELETE FROM lake.main.seals WHERE batch_id = 6 AND table_name = 'spans'"), ((6, SPANS),)
    ),
    "a seal's root edited": Attack(
        unguarded(f"UPDATE lake.main.seals SET root = '{'0' * 64}' WHERE batch_id = 6 AND table_name = 'spans'"),
        ((6, SPANS),),
    ),
    "a seal's writer edited": Attack(
        unguarded("UPDATE lake.main.seals SET writer = 'x' WHERE batch_id = 6"), ((6, "records"),), "chain"
    ),
    "the last batch dropped with its seals": Attack(drop_the_tail, ((LAST, SEALS),), "gone"),
    "the first batch dropped": Attack(
        unguarded(*(f"DELETE FROM lake.main.{table} WHERE batch_id = 1" for table in (SPANS, "records", SEALS))),
        ((1, SEALS),),
        "removed",
    ),
    "rows put into a batch": Attack(put_in_rows, ((5, "records"),), "8 rows, 7 were sealed"),
    "a batch put in": Attack(put_in_a_batch, ((99, "records"),), "never sealed"),
    "everything rebuilt under a new key": Attack(rewrite_history, ((None, "checkpoints"),), "another key"),
    "checkpoints removed": Attack(
        unguarded("DELETE FROM lake.main.checkpoints"), ((LAST, "checkpoints"),), "removed from the lake"
    ),
    "a checkpoint's note edited": Attack(
        unguarded(
            "UPDATE lake.main.checkpoints SET note = replace(note, 'last-batch 4', 'last-batch 3') WHERE last_batch = 4"
        ),
        ((None, "checkpoints"),),
        "does not hold",
    ),
    "a file hidden in the catalogue": Attack(
        catalogue(f"UPDATE ducklake_data_file SET end_snapshot = 5 WHERE data_file_id = {file_of(8, SPANS)}"),
        ((8, SPANS),),
        "hidden",
    ),
    "a file taken out of the catalogue": Attack(
        catalogue(f"DELETE FROM ducklake_data_file WHERE data_file_id = {file_of(8, SPANS)}"), ((8, SPANS),), "gone"
    ),
    "a record count edited": Attack(
        catalogue(f"UPDATE ducklake_data_file SET record_count = 1 WHERE data_file_id = {file_of(8, SPANS)}"),
        ((8, SPANS),),
        "catalogue says 1",
    ),
    "a table's count edited": Attack(
        catalogue(
            "UPDATE ducklake_table_stats SET record_count = 3 "
            "WHERE table_id = (SELECT table_id FROM ducklake_table WHERE table_name = 'spans')"
        ),
        ((None, SPANS),),
        "counts 3 rows",
    ),
    "a time range narrowed": Attack(
        catalogue(
            "UPDATE ducklake_file_column_stats "
            "SET min_value = '2030-01-01 00:00:00+00', max_value = '2030-01-02 00:00:00+00' "
            f"WHERE data_file_id = {file_of(8, SPANS)} AND column_id = {column_of('start_time')}"
        ),
        ((8, SPANS),),
        "start_time",
    ),
    "a text range narrowed": Attack(
        catalogue(
            "UPDATE ducklake_file_column_stats SET min_value = 'zzz' "
            f"WHERE data_file_id = {file_of(8, SPANS)} AND column_id = {column_of('trace_id')}"
        ),
        ((8, SPANS),),
        "trace_id",
    ),
    "a batch range narrowed": Attack(
        catalogue(
            "UPDATE ducklake_file_column_stats SET min_value = '80', max_value = '80' "
            f"WHERE data_file_id = {file_of(8, SPANS)} AND column_id = 1"
        ),
        ((8, SPANS),),
        "batch_id",
    ),
    "a null count edited": Attack(
        catalogue(
            "UPDATE ducklake_file_column_stats SET null_count = 0, value_count = 50 "
            f"WHERE data_file_id = {file_of(8, SPANS)} AND null_count > 0"
        ),
        ((8, SPANS),),
    ),
    "a file put under another day": Attack(
        catalogue(
            "UPDATE ducklake_file_partition_value SET partition_value = '2' "
            f"WHERE data_file_id = {file_of(8, SPANS)} AND partition_key_index = 2"
        ),
        ((8, SPANS),),
        "another day",
    ),
    "a table dropped": Attack(unguarded("DROP TABLE lake.main.quarantine"), ((None, "quarantine"),), "dropped"),
    "a guard taken off": Attack(
        lambda home: elsewhere(home / "lake" / "catalog.sqlite", keep_guards=False), ((None, "catalogue"),), "guard"
    ),
    "the catalogue deleted": Attack(
        lambda home: (home / "lake" / "catalog.sqlite").unlink(), ((None, "catalogue"),), "is gone"
    ),
    "the catalogue overwritten": Attack(
        lambda home: _overwrite(home / "lake" / "catalog.sqlite"), ((None, "catalogue"),)
    ),
    "the public key removed": Attack(
        lambda home: [file.unlink() for file in (home / "keys").iterdir()] and None,
        ((None, "checkpoints"),),
        "audit.pub",
    ),
}


def _overwrite(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[:4096] = b"\x00" * 4096
    path.write_bytes(content)
