"""The least that the same durable bytes can cost: claim, update and append in as few statements as can be.

No order, lease, look-up or flow: what the database, JSON and compression alone cost.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import orjson
import sqlalchemy as sa

from models.domain.record import Record, RecordKind
from models.journal import Journal
from tests.bench.postings import MOMENT, bench_events


def bare_loop(journal: Journal, runs: int, page: int = 500) -> float:
    """Runs a second with claim, intent, outcome and feed in three commits a page."""
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
            records = [
                Record(RecordKind.TRANSFORMATION, MOMENT, run_id=str(name), body={"before": body, "after": body})
                for name, body in bodies.items()
            ]
            with journal.engine.begin() as connection:
                _write(connection, table, [(name, state, orjson.dumps(body).decode()) for name, body in bodies.items()])
                journal.feed.append(connection, records * moves)
    elapsed = time.perf_counter() - started
    table.drop(journal.engine)
    return runs / elapsed


def _write(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[int, str, str]]) -> None:
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        statement = sa.text(
            "update bench_limit set state = u.state, payload = u.payload "
            "from unnest(cast(:ids as int[]), cast(:states as text[]), cast(:payloads as text[])) "
            "as u(id, state, payload) where bench_limit.id = u.id"
        )
        ids, states, payloads = zip(*rows, strict=True)
        connection.execute(statement, {"ids": list(ids), "states": list(states), "payloads": list(payloads)})
    else:
        statement = sa.text("update bench_limit set state = :state, payload = :payload where id = :id")
        connection.execute(
            statement, [{"id": name, "state": state, "payload": payload} for name, state, payload in rows]
        )
