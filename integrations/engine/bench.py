"""Benchmark: four durable steps through the real engine, beside a bare group-commit loop over the same rows as the
limit.

The bare loop claims, updates and appends as many bytes of records in as few statements as can be, with no order, lease,
look-up or flow: what the database, JSON and compression alone cost. Both run in one process, one after the other, on
one journal.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
import sqlalchemy as sa

from integrations.contracts.connector import Answer, Change, Observation, Page, Policy, Role, SystemConfig, TargetState
from integrations.contracts.flow import Context, Deliver, Flow, Transform
from integrations.engine.engine import Engine
from models.canonical.events import CloudEvent
from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured
from models.domain.outcomes import Acknowledgement, Done
from models.domain.record import Record, RecordKind
from models.journal import Journal, open_journal

BULK = 100
_MOMENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class MemoryTarget:
    """A target that takes postings into a dictionary: no network, so that only the engine is measured."""

    def __init__(self) -> None:
        self.config = SystemConfig("memory", "memory", Role.ERP, "memory:", policy=Policy(rate=0, concurrency=2))
        self.bulk_limit: Mapping[str, int] = {"time_entry": BULK}
        self.streams: Sequence[str] = ()
        self.snapshots: Sequence[str] = ()
        self.postings: dict[str, Acknowledgement] = {}

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        answers = [Acknowledgement("memory", f"M-{change.external_id}", {"state": "billed"}) for change in changes]
        self.postings.update({change.external_id: answer for change, answer in zip(changes, answers, strict=True)})
        return answers

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        return [self.postings.get(change.external_id) for change in changes]

    def state(self, change: Change) -> TargetState:
        return TargetState(None, {}, self.postings.get(change.external_id))

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        return Page([], cursor or "")

    def snapshot(self, entity: str) -> Iterator[Observation]:
        return iter(())

    def check(self) -> str:
        return "in memory"

    def close(self) -> None:
        self.postings.clear()


def _posting(entry: dict[str, Any], context: Context) -> Change:
    body = {"hours": entry["hours"], "amount": entry["amount"], "charge_code": entry["charge_code"]}
    return Change(
        "post",
        "time_entry",
        f"TE-bench-{entry['ref']['id']}-v1",
        context.key("post"),
        body,
        {"project": entry["project_id"]},
    )


def bench_flow() -> Flow:
    """validate, enrich, post, acknowledge."""
    return Flow(
        name="bench-time-to-bill",
        version=1,
        title="Benchmark",
        owner="bench",
        triggers=("tieout.time_entry.approved",),
        steps=(
            Transform(
                "validate", lambda entry, context: Done({**entry, "project_id": "PRJ-" + entry["project_ref"]["id"]})
            ),
            Transform("enrich", lambda entry, context: Done({**entry, "amount": str(int(entry["hours"]) * 90)})),
            Deliver("post", Role.ERP, "time_entry", _posting, BULK),
            Transform(
                "acknowledge", lambda entry, context: Done({**entry, "posting": context.run.acks["post"]["system_id"]})
            ),
        ),
        aggregate=lambda event: event.subject,
        money=lambda entry: (entry["amount"], "EUR"),
        sla_seconds=3600,
    )


def bench_events(runs: int) -> list[CloudEvent]:
    """Approved time entries of three legal entities."""
    return [
        CloudEvent(
            id=f"bench-{n}",
            source="bench/time",
            type="tieout.time_entry.approved",
            subject=f"time_entry:TE-bench-{n}",
            time=_MOMENT,
            dataschema="tieout:time_entry:1",
            legalentity=("NOV-DE", "NOV-UK", "NOV-US")[n % 3],
            data={
                "ref": {"system": "bench", "kind": "time_entry", "id": str(n)},
                "project_ref": {"system": "bench", "kind": "project", "id": str(n % 37)},
                "resource_ref": {"system": "bench", "kind": "resource", "id": str(n % 300)},
                "charge_code": f"PRJ-{n % 37}.010",
                "work_date": "2026-11-19",
                "hours": str(1 + n % 8),
                "notes": "worked on the thing that was asked for",
            },
        )
        for n in range(runs)
    ]


def run(database: str = "sqlite", runs: int = 10_000) -> dict[str, Any]:
    """Rates of the engine and of the bare loop in runs a second, and what the engine's CPU seconds were.

    `runs_per_s` is from claim to settlement, `admitted_per_s` the admission before it, `end_to_end_per_s` both.
    Raises Misconfigured for a database that is not there, RuntimeError when a run did not settle.
    """
    with _address(database) as address:
        journal = open_journal(address, SystemClock())
        target = MemoryTarget()
        engine = Engine(journal, [bench_flow()], [target], SystemClock())
        try:
            events = bench_events(runs)
            started = time.perf_counter()
            for at in range(0, runs, 500):
                engine.admit(events[at : at + 500])
            admitted, cpu = time.perf_counter(), _cpu()
            engine.drain(poll=False)
            worked, cpu = time.perf_counter() - admitted, _cpu() - cpu
            settled = journal.runs.states().get(("bench-time-to-bill", "settled"), 0)
            if settled != runs or len(target.postings) != runs:
                raise RuntimeError(
                    f"only {settled} of {runs} runs settled and {len(target.postings)} were posted: the figures mean nothing"
                )
            limit = _bare_loop(journal, runs)
        finally:
            engine.close()
            journal.close()
    admission = admitted - started
    return {
        "database": database,
        "runs": runs,
        "runs_per_s": round(runs / worked),
        "limit_runs_per_s": round(limit),
        "ratio": round(runs / worked / limit, 2),
        "admitted_per_s": round(runs / admission),
        "end_to_end_per_s": round(runs / (worked + admission)),
        "cpu_seconds": round(cpu, 2),
        "steps": 4,
        "bulk": BULK,
    }


def _bare_loop(journal: Journal, runs: int, page: int = 500) -> float:
    """Runs a second of the least that the same durable bytes can cost: claim, intent, outcome and feed, three commits a
    page.
    """
    payload = dict(bench_events(1)[0].data)
    table = sa.Table(
        "bench_limit",
        sa.MetaData(),
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("state", sa.Text),
        sa.Column("payload", sa.Text),
    )
    table.create(journal.engine)
    rows = [{"id": n, "state": "ready", "payload": orjson.dumps(payload).decode()} for n in range(runs)]
    with journal.engine.begin() as connection:
        connection.execute(table.insert(), rows)
    pick = sa.select(table.c.id, table.c.payload).where(table.c.state == "ready").order_by(table.c.id).limit(page)
    started = time.perf_counter()
    while True:
        with journal.engine.begin() as connection:
            found = connection.execute(pick).all()
            _write(connection, table, [(row.id, "running", row.payload) for row in found])
        if not found:
            break
        bodies = {row.id: orjson.loads(row.payload) for row in found}
        for state, moves in (("posting", 2), ("settled", 3)):
            bodies = {name: {**body, state: f"M-{name}"} for name, body in bodies.items()}
            told = [
                Record(RecordKind.TRANSFORMATION, _MOMENT, run_id=str(name), body={"before": body, "after": body})
                for name, body in bodies.items()
            ]
            with journal.engine.begin() as connection:
                _write(connection, table, [(name, state, orjson.dumps(body).decode()) for name, body in bodies.items()])
                journal.feed.append(connection, told * moves)
    elapsed = time.perf_counter() - started
    table.drop(journal.engine)
    return runs / elapsed


def _write(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[int, str, str]]) -> None:
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        statement = sa.text(
            "update bench_limit set state = u.state, payload = u.payload "
            "from unnest(cast(:ids as int[]), cast(:states as text[]), cast(:payloads as text[])) as u(id, state, payload) where bench_limit.id = u.id"
        )
        ids, states, payloads = zip(*rows, strict=True)
        connection.execute(statement, {"ids": list(ids), "states": list(states), "payloads": list(payloads)})
    else:
        statement = sa.text("update bench_limit set state = :state, payload = :payload where id = :id")
        connection.execute(
            statement, [{"id": name, "state": state, "payload": payload} for name, state, payload in rows]
        )


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _address(database: str) -> Iterator[str]:
    """A fresh journal's URL: a temporary SQLite file, or a new schema in TIEOUT_BENCH_POSTGRES."""
    if database == "sqlite":
        with tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder:
            yield f"sqlite:///{folder}/journal.sqlite"
        return
    server = os.environ.get("TIEOUT_BENCH_POSTGRES")
    if database != "postgres" or not server:
        raise Misconfigured(
            "give sqlite, or postgres with TIEOUT_BENCH_POSTGRES=postgresql://user@host/database (an empty database)"
        )
    yield server


def main() -> None:
    """`python -m integrations.engine.bench [--size RUNS] [--database sqlite|postgres]`: the figures as one line of
    JSON.
    """
    arguments = argparse.ArgumentParser(prog="bench engine", description=run.__doc__)
    arguments.add_argument("--size", type=int, default=10_000)
    arguments.add_argument("--database", default="sqlite", choices=("sqlite", "postgres"))
    given = arguments.parse_args()
    try:
        print(json.dumps(run(given.database, given.size)))
    except Misconfigured as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(2)


if __name__ == "__main__":
    main()
