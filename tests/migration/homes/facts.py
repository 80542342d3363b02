"""What a home holds, as the command line that stands beside this Python tells it: `python facts.py HOME > home-….json`.

Run once with the release that made a home, its answer is what every later release must give of the same home.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

TIEOUT = Path(sys.executable).parent / "tieout"
TABLES = (
    "records spans logs observations quarantine seals runs cases findings requests "
    "mart_work mart_project mart_billing mart_margin"
)
CASE = ("case_id", "cause", "status", "subject_key", "occurrences", "amount_reporting")
TRACES = ("PRJ-1017", "5b8efff798038103d269b633813fc60c")
ROWS = " union all ".join(
    f"select 'rows' as name, '{table}' as part, count(*) as n from {table}" for table in TABLES.split()
)
GROUPS = """
union all select 'records', kind, count(*) from records group by all
union all select 'runs', state, count(*) from runs group by all
union all select 'requests', concat_ws(' ', kind, state, 'by', actor), count(*) from requests group by all
order by name, part
"""
WORK = """
select state,
    count(*) as items,
    sum(hours) as hours,
    sum(bill_reporting) as bill_reporting,
    sum(cost_reporting) as cost_reporting
from mart_work group by state order by state
"""


def tieout(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """One command on a home, with nothing set but where it is."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIEOUT_")}
    environment["TIEOUT_HOME"] = str(home)
    return subprocess.run([str(TIEOUT), *words], env=environment, capture_output=True, text=True, timeout=60)


def answer(home: Path, *words: str) -> Any:
    """What a command prints as JSON. Raises RuntimeError with its words when it fails."""
    done = tieout(home, *words, "--format", "json")
    if done.returncode:
        raise RuntimeError(f"tieout {words[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def schema(home: Path) -> str:
    """The revision of the journal's schema."""
    with sqlite3.connect(home / "journal.sqlite") as connection:
        return str(connection.execute("select version_num from alembic_version").fetchone()[0])


def cases(home: Path, status: str) -> list[dict[str, Any]]:
    """Every case of a status; amounts are text, in the reporting currency."""
    found = answer(home, "cases", "--status", status, "--limit", "10000")
    return [{name: case[name] for name in CASE} for case in sorted(found, key=lambda case: str(case["case_id"]))]


def counts(home: Path) -> dict[str, dict[str, int]]:
    """How many rows there are: of each table, kind of record, state of runs, outcome of requests."""
    found: dict[str, dict[str, int]] = {}
    for row in answer(home, "sql", ROWS + GROUPS):
        found.setdefault(row["name"], {})[row["part"]] = row["n"]
    return found


def work(home: Path) -> Any:
    """Hours and money of all work by state; decimals are text."""
    return answer(home, "sql", WORK)


def facts(home: Path) -> dict[str, Any]:
    """All of it but the journal's schema, asked two at a time: most of a command's time is its start."""
    with ThreadPoolExecutor(2) as pool:
        asked = {
            "verify": pool.submit(answer, home, "verify"),
            "counts": pool.submit(counts, home),
            "work": pool.submit(work, home),
            "unresolved": pool.submit(cases, home, "unresolved"),
            "resolved": pool.submit(cases, home, "resolved"),
            **{f"trace {key}": pool.submit(traced, home, key) for key in TRACES},
        }
        return {name: found.result() for name, found in asked.items()}


def traced(home: Path, key: str) -> int:
    """How many lines the history of a business object or a trace has."""
    return len(answer(home, "trace", key))


if __name__ == "__main__":
    place = Path(sys.argv[1])
    print(json.dumps({"schema": schema(place), **facts(place)}, indent=1, ensure_ascii=False))
