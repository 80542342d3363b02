"""What an earlier release kept in clear in the journal is sealed in place, once, also under an engine's hands (G2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from models.domain.outcomes import Fact
from models.domain.record import RecordKind
from models.journal import Journal, open_journal, resealing
from models.journal.inbox import Item
from models.journal.ports.desk import open_desk
from models.journal.runs.records import run_record
from models.journal.runs.run import Move
from models.keys.keyring import Keyring
from models.settings import Settings
from tests.unit.engine.hostile import HandClock
from tests.unit.journal.test_sealing import CANARIES, PAY, PAYLOAD, arrival, held


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(Settings(home=tmp_path))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'journal.sqlite'}"


@pytest.fixture
def old(url: str, clock: HandClock) -> Iterator[Journal]:
    """A journal that an earlier release filled: everything in clear."""
    with closing(open_journal(url, clock)) as journal:
        journal.runs.admit([arrival("T-1"), arrival("T-2")])
        claim = journal.runs.claim("w")
        one = claim.runs[0]
        one.acks, one.intent = {"erp": {"rate": "88.77"}}, {"change": {"fields": PAYLOAD}}
        body, worth = {"after": PAYLOAD}, Decimal("1019.12")
        told = run_record(one, RecordKind.TRANSFORMATION, clock.now(), body=body, amount=worth)
        moves = [Move(run, [told], [Fact("resource", "R-1", PAY)]) for run in claim.runs]
        journal.runs.commit("w", moves, claim.wall)
        journal.inbox.append([Item("hook", "1", clock.now(), {"subject": "resource:R-1", "data": PAY})])
        journal.requests.append("preview", {"run_ids": [one.run_id], "correction": {"cost_rate": "88.77"}}, "ada")
        yield journal


@pytest.mark.req("G2")
def test_nothing_is_left_in_clear_and_whoever_holds_a_port_reads_what_was_there(
    old: Journal, url: str, keys: Keyring, clock: HandClock, tmp_path: Path
) -> None:
    ids = [run.run_id for run in old.runs.claim("w").runs]
    before = [(run.payload, run.acks, run.intent, run.amount) for run in old.runs.by_ids(ids)]
    assert all(canary in held(tmp_path / "journal.sqlite") for canary in CANARIES)
    old.close()
    with closing(open_desk(url, clock, keys=keys)) as desk:
        done = desk.seal_what_is_clear(keys)
        assert {"event": 2, "run": 2, "registry": 1, "inbox": 1, "request": 1}.items() <= done.items() and done["feed"]
        file = held(tmp_path / "journal.sqlite")
        assert [canary for canary in CANARIES if canary in file] == []
        assert desk.seal_what_is_clear(keys) == {}, "what is sealed is left alone"
    with closing(open_journal(url, clock, keys=keys)) as new:
        assert [(run.payload, run.acks, run.intent, run.amount) for run in new.runs.by_ids(ids)] == before
        assert new.registry.known([("resource", "R-1")]) == {("resource", "R-1"): PAY}
        assert [one.item.body["data"] for one in new.inbox_queue.waiting(9)] == [PAY]
        with new.engine.begin() as connection:
            changed = connection.exec_driver_sql("select digest, changed_at from registry").one()
            new.registry.add(connection, [Fact("resource", "R-1", PAY)])
            assert connection.exec_driver_sql("select digest, changed_at from registry").one() == changed


def test_a_row_that_somebody_moved_meanwhile_is_theirs(
    old: Journal, keys: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine seals what it writes: what was read before it did must not undo that."""
    real = resealing._shut

    def late(connection: sa.Connection, keys: Keyring, table: resealing._Held, row: resealing.Row) -> int:
        if table.table == "run":
            connection.exec_driver_sql("update run set payload = '{}', acks = null")
        return real(connection, keys, table, row)

    monkeypatch.setattr(resealing, "_shut", late)
    assert "run" not in resealing.resealed(old.engine, keys)
    with old.engine.connect() as connection:
        assert connection.exec_driver_sql("select distinct payload from run").scalars().all() == ["{}"]
