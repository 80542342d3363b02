"""What a turn of marts and detectors costs in a firm of so many time entries: nothing new, 1,000 changed, from nothing.

`python -m tests.bench.marts --size 350000` prints one line of JSON: processor seconds of the detectors' process,
which is a child as in the collector, and how each figure grows from a tenth of the size to all of it (1 is in step, 0
is flat).
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from collectors.detecting import Detecting
from collectors.detectors.turn import Turn
from models.catalogue import load_catalogue
from models.domain.clock import SystemClock
from models.journal import open_journal
from models.lake.schema import TABLES
from models.lake.writer import LakeWriter, open_writer
from models.settings import Settings
from models.sql_statements import statements

SIZE = 350_000
CHANGED = 1_000
_BATCH = 50_000
_SQL = statements(Path(__file__).with_suffix(".sql"))
_FIGURES = ("from_nothing_s", "nothing_new_s", "changed_s")


def run(size: int) -> dict[str, Any]:
    """Figures at a tenth of `size` and at `size`, and the growth between them."""
    small, large = _measured(max(size // 10, 1)), _measured(size)
    grown = {
        f"{name}_growth": round(math.log10(max(large[name], 0.001) / max(small[name], 0.001)), 2) for name in _FIGURES
    }
    return {**large, **grown, "at_a_tenth": {name: small[name] for name in _FIGURES}}


def _measured(size: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        settings = _settings(folder)
        open_journal(settings.journal_address, SystemClock()).close()
        writer = open_writer(settings, SystemClock())
        began = time.perf_counter()
        number = _filled(writer, size)
        made = time.perf_counter() - began
        with _Turns(folder) as turns:
            first, second, third = turns.next(), turns.next(), turns.next()
            changed = _part("entries", 0, CHANGED, size, "TIMESTAMPTZ '2026-11-05 00:00:00+00'")
            hours = changed.schema.get_field_index("fields")
            texts = [text.replace('"hours":"', '"hours":"1') for text in changed["fields"].to_pylist()]
            changed = changed.set_column(hours, "fields", pa.array(texts))
            writer.append({"observations": changed}, "bench", number + 1)
            after, last = turns.next(), turns.next()
        writer.close()
    return {
        "items": size,
        "made_s": round(made, 1),
        "maker_peak_mib": _peak(),
        "from_nothing_s": first["cpu_s"],
        "first_idle_s": second["cpu_s"],
        "nothing_new_s": min(third["cpu_s"], last["cpu_s"]),
        "changed_s": after["cpu_s"],
        "detectors_peak_mib": last["peak_mib"],
        "found": first["found"],
        "failed": {**first["failed"], **after["failed"]},
    }


def _filled(writer: LakeWriter, size: int) -> int:
    """Put everything into the lake; the number of batches."""
    number = 0
    for number, (table, rows) in enumerate(_parts(size), 1):
        writer.append({table: rows}, "bench", number)
    return number


def _parts(size: int) -> Iterator[tuple[str, pa.Table]]:
    for name in ("projects", "codes"):
        yield "observations", _part(name, 0, _projects(size), size)
    for first in range(0, size, _BATCH):
        last = min(first + _BATCH, size)
        for name in ("entries", "postings"):
            yield "observations", _part(name, first, last, size)
        yield "records", _part("records", first, last, size)


def _part(
    name: str, first: int, last: int, size: int, moment: str = "TIMESTAMPTZ '2026-11-04 00:00:00+00'"
) -> pa.Table:
    bound = {"first": first, "last": last, "projects": _projects(size), "moment": moment}
    sql = _SQL[name]
    for key, value in bound.items():
        sql = sql.replace(f"{{{key}}}", str(value))
    schema = TABLES["records" if name == "records" else "observations"]
    duckdb.sql("SET TimeZone = 'UTC'")
    found = duckdb.sql(sql).to_arrow_table()
    columns = [
        found[field.name].cast(field.type) if field.name in found.schema.names else pa.nulls(found.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)


def _projects(size: int) -> int:
    return max(size // 1000, 1)


def _settings(home: str) -> Settings:
    elsewhere = dict.fromkeys(("journal_url", "lake_catalog", "lake_data", "witness"))
    return Settings.model_validate({"home": Path(home), **elsewhere})


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


class _Turns:
    """The detectors' process, a turn a line."""

    def __init__(self, home: str) -> None:
        command = [sys.executable, "-m", "tests.bench.marts", "--turns", home]
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> _Turns:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.communicate()

    def next(self) -> dict[str, Any]:
        assert self._child.stdin is not None and self._child.stdout is not None
        print(file=self._child.stdin, flush=True)
        told: dict[str, Any] = json.loads(self._child.stdout.readline())
        return told


def _turns(home: str) -> None:
    """Take a turn for each line that comes, as the collector's child does for each question."""
    settings = _settings(home)
    catalogue, reported = load_catalogue(settings), dict[str, str]()
    detecting = Detecting(settings, catalogue, SystemClock())
    for _ in sys.stdin:
        began = time.process_time()
        found = detecting.found(Turn(service_levels=catalogue.service_levels, reported=reported))
        cpu = time.process_time() - began
        reported |= found.digests
        counted = sum(len(all_) for all_ in found.findings.values())
        told = {"cpu_s": round(cpu, 3), "peak_mib": _peak(), "found": counted, "failed": dict(found.failed)}
        print(json.dumps(told), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--size", type=int, default=SIZE, help="time entries")
    parser.add_argument("--turns", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.turns:
        return _turns(asked.turns)
    print(json.dumps(run(asked.size)))


if __name__ == "__main__":
    main()
