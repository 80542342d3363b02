"""The journal's file and its feed hold no labour rate, no pay, no contract value and no amount that tells one; whoever
holds a port reads them all (G2).
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from models.domain.approval import Thresholds
from models.domain.outcomes import Fact
from models.domain.record import RecordKind
from models.domain.states import RunState
from models.journal import Journal, open_journal
from models.journal.inbox import Item
from models.journal.outbox import Unsent
from models.journal.runs.records import run_record, settlement
from models.journal.runs.run import Arrival, Move, Start
from models.keys.keyring import PREFIX, Keyring
from models.keys.sealing import opened, opened_amount
from models.settings import Settings
from tests.unit.engine.hostile import HandClock

CANARIES = (b"61.53", b"127.39", b"1019.12", b"88.77", b"5433.21")
PAYLOAD: dict[str, Any] = {
    "resource_ref": {"system": "psa", "id": "44"},
    "hours": "8",
    "bill_rate": {"amount": "127.39", "currency": "EUR"},
    "cost_rate": {"amount": "61.53", "currency": "EUR"},
}
PAY = {"name": "Anna", "number": "R-1", "base_pay": {"amount": "5433.21", "currency": "EUR"}}


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(Settings(home=tmp_path))


@pytest.fixture
def sealing(tmp_path: Path, clock: HandClock, keys: Keyring) -> Iterator[Journal]:
    made = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", clock, Thresholds(classes=frozenset()), keys)
    yield made
    made.close()


def arrival(key: str, payload: dict[str, Any] = PAYLOAD) -> Arrival:
    start = Start(
        "time-to-bill", 1, "price", f"time_entry:{key}", 1, key, key, "time.approved", payload, "c", "t",
        amount="1019.12", currency="EUR",
    )  # fmt: skip
    return Arrival("psa/time", f"{key}-1", {"subject": f"time_entry:{key}", "data": payload}, [start])


def held(file: Path) -> bytes:
    """Everything that the journal's file holds, the pages of its feed taken out of their packing."""
    with closing(sqlite3.connect(file)) as database:
        pages = [zlib.decompress(page) for (page,) in database.execute("SELECT records FROM feed")]
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return b"".join([file.read_bytes(), *pages])


@pytest.mark.req("G2")
def test_a_run_its_events_its_facts_and_its_records_lie_sealed_and_are_read_clear(
    sealing: Journal, keys: Keyring, tmp_path: Path, clock: HandClock
) -> None:
    sealing.inbox.append([Item("hook", "1", clock.now(), {"subject": "resource:R-1", "data": PAY})])
    sealing.runs.admit([arrival("T-1"), arrival("T-2")])
    claim = sealing.runs.claim("w")
    assert [(run.payload, run.amount) for run in claim.runs] == [(PAYLOAD, "1019.12")] * 2
    one, other = claim.runs
    one.acks = {"erp": {"answer": {"rate": "88.77"}}}
    one.intent = {"change": {"fields": PAYLOAD}}
    one.state, other.state, other.error_code = RunState.IN_DOUBT, RunState.DEAD, "rate-missing"
    told = run_record(
        one,
        RecordKind.TRANSFORMATION,
        clock.now(),
        body={"before": PAYLOAD, "after": PAYLOAD},
        amount=Decimal("1019.12"),
    )
    fact = Fact("resource", "R-1", PAY)
    sealing.runs.commit("w", [Move(one, [told], [fact]), Move(other, [settlement(other, clock.now())])], claim.wall)
    replays = sealing.runs.replay([other.run_id], "failed", {"cost_rate.amount": "88.77"}, "ada", {"reason": "agreed"})
    sealing.requests.append("preview", {"run_ids": [one.run_id], "correction": {"bill_rate.amount": "88.77"}}, "ada")

    file = held(tmp_path / "journal.sqlite")
    assert [canary for canary in CANARIES if canary in file] == [] and PREFIX.encode() in file

    again = open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", clock, keys=Keyring(Settings(home=tmp_path)))
    after = sealing.runs.by_ids([one.run_id, replays.runs[other.run_id]])
    assert again.runs.by_ids([run.run_id for run in after]) == after
    assert (after[0].payload, after[0].acks, after[0].intent) == (one.payload, one.acks, one.intent)
    assert after[1].payload == {**PAYLOAD, "cost_rate": {"amount": "88.77", "currency": "EUR"}}
    assert after[1].correction == {"cost_rate.amount": "88.77"} and after[1].amount == "1019.12"
    assert again.runs.origins(after)[one.run_id]["data"] == PAYLOAD
    assert again.registry.known([("resource", "R-1")]) == {("resource", "R-1"): PAY}
    assert [one.item.body["data"] for one in again.inbox_queue.waiting(9)] == [PAY]
    records = [record for page in again.feed.read(0) for record in page.records]
    (read,) = [record for record in records if record.kind is RecordKind.TRANSFORMATION]
    assert read.amount is None and opened_amount(keys, read.sealed_amount) == "1019.12"
    assert (
        opened(keys, read.body) == {"before": PAYLOAD, "after": PAYLOAD} and PREFIX in orjson.dumps(read.body).decode()
    )
    again.close()


@pytest.mark.req("E12", "G2")
def test_an_event_goes_out_clear_and_lies_sealed_where_nobody_took_it(sealing: Journal, tmp_path: Path) -> None:
    sealing.outbox.begun("bus")
    sealing.runs.admit([arrival("T-1")])
    (page,) = sealing.outbox.read(0, 9)
    (told,) = [record.body for record in page.records if record.kind is RecordKind.SOURCE_EVENT]
    assert told["data"] == PAYLOAD
    sealing.outbox.sent("bus", page.position, [Unsent("bus", {"source": "psa", "id": "1", **told}, "nobody listens")])
    assert [canary for canary in CANARIES if canary in held(tmp_path / "journal.sqlite")] == []
    assert [one.body["data"] for one in sealing.unsent.all()] == [PAYLOAD]


def test_a_journal_of_an_earlier_release_is_read_as_it_is_and_sealed_as_it_goes_on(
    tmp_path: Path, clock: HandClock, keys: Keyring
) -> None:
    url = f"sqlite:///{tmp_path / 'journal.sqlite'}"
    file = tmp_path / "journal.sqlite"
    with closing(open_journal(url, clock)) as old:
        old.runs.admit([arrival("T-1")])
    assert b"61.53" in held(file)
    with closing(open_journal(url, clock, keys=keys)) as new:
        claim = new.runs.claim("w")
        assert claim.runs[0].payload == PAYLOAD and claim.runs[0].amount == "1019.12"
        new.runs.commit("w", [Move(run) for run in claim.runs], claim.wall)
    with closing(sqlite3.connect(file)) as database:
        ((payload, amount),) = database.execute("SELECT payload, amount FROM run").fetchall()
    assert "61.53" not in payload and amount.startswith(PREFIX)
