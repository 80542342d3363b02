"""A firm of so many time entries, made by SQL and put into the audit lake by its real writer, seals and all.

`python tests/bench/firm.py --size 350000` fills the home that TIEOUT_HOME names; with `--changed 1000` it sends so many
of its entries once more with other hours. It imports nothing of its own checkout: what it loads is the Tieout that
comes first on PYTHONPATH, so that another release can be measured beside this one. Prints one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

import models
from models.domain.clock import SystemClock
from models.journal import open_journal
from models.lake.schema import TABLES
from models.lake.writer import open_writer
from models.settings import read_settings

WRITER = "bench"
_BATCH = 50_000
_MOMENT, _LATER = "2026-11-04", "2026-11-05"


def fill(size: int, changed: int) -> dict[str, Any]:
    """Make the firm, or send `changed` of its entries again; how long it took and how large this process became."""
    settings, began, cpu = read_settings(), time.perf_counter(), time.process_time()
    open_journal(settings.journal_address, SystemClock()).close()
    writer = open_writer(settings, SystemClock())
    last = writer.last_number(WRITER)
    for number, (table, rows) in enumerate(_changes(size, changed) if changed else _parts(size), last + 1):
        writer.append({table: rows}, WRITER, number)
    batches = writer.last_number(WRITER) - last
    writer.close()
    return {
        "made_s": round(time.perf_counter() - began, 1),
        "made_cpu_s": round(time.process_time() - cpu, 1),
        "maker_peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "batches": batches,
    }


def _parts(size: int) -> Iterator[tuple[str, pa.Table]]:
    for name in ("projects", "codes"):
        yield "observations", _part(name, 0, projects(size), size)
    for first in range(0, size, _BATCH):
        last = min(first + _BATCH, size)
        for name in ("entries", "postings"):
            yield "observations", _part(name, first, last, size)
        for name in ("records", "spans"):
            yield name, _part(name, first, last, size)


def _changes(size: int, changed: int) -> Iterator[tuple[str, pa.Table]]:
    rows = _part("entries", 0, changed, size, _LATER)
    place = rows.schema.get_field_index("fields")
    longer = [text.replace('"hours":"', '"hours":"1') for text in rows["fields"].to_pylist()]
    yield "observations", rows.set_column(place, "fields", pa.array(longer))


def _part(name: str, first: int, last: int, size: int, moment: str = _MOMENT) -> pa.Table:
    """Rows of a statement of `firm.sql`, as columns of the table that they are of."""
    moment = f"TIMESTAMPTZ '{moment} 00:00:00+00'"
    sql = _statements()[name]
    for key, value in {"first": first, "last": last, "projects": projects(size), "moment": moment}.items():
        sql = sql.replace(f"{{{key}}}", str(value))
    duckdb.sql("SET TimeZone = 'UTC'")
    found = duckdb.sql(sql).to_arrow_table()
    schema = TABLES[name if name in TABLES else "observations"]
    columns = [
        found[field.name].cast(field.type) if field.name in found.schema.names else pa.nulls(found.num_rows, field.type)
        for field in schema
    ]
    return _shut(pa.table(columns, schema=schema))


def _shut(rows: pa.Table) -> pa.Table:
    """Observations as engines send them: rates and values sealed, where the measured release seals them."""
    if "fields" not in rows.schema.names or not Path(models.__path__[0], "keys").is_dir():
        return rows
    from models.domain.storable import json_text
    from models.keys.keyring import Keyring
    from models.keys.sealing import sealed

    keys, place = Keyring(read_settings()), rows.schema.get_field_index("fields")
    names = zip(*(rows[name].to_pylist() for name in ("fields", "entity", "key")), strict=True)
    fields = [json_text(sealed(keys, json.loads(text), entity, key)) for text, entity, key in names]
    return rows.set_column(place, "fields", pa.array(fields, pa.string()))


def projects(size: int) -> int:
    return max(size // 1000, 1)


def _statements() -> dict[str, str]:
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    parts = re.split(r"^-- (\w+): .*$", text, flags=re.MULTILINE)[1:]
    return {name: sql.strip().rstrip(";") for name, sql in zip(parts[::2], parts[1::2], strict=True)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, required=True, help="time entries")
    parser.add_argument("--changed", type=int, default=0, help="how many of them to send again, changed")
    asked = parser.parse_args()
    # A set of DuckDB's own threads would measure the machine; the writer has two.
    duckdb.sql("SET threads = 2")
    print(json.dumps(fill(asked.size, asked.changed)))


if __name__ == "__main__":
    main()
