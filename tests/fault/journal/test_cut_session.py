"""E8, N4: sessions of a journal on PostgreSQL are cut, or left in the middle, and nobody else has to wait for it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from integrations.engine import Engine
from models.journal import open_journal
from models.journal.runs.admission import _LOCK
from tests.fault.lake.test_cut_session import cut
from tests.unit.engine.hostile import HandClock, Hostile, event, posting_flow


@pytest.mark.req("E8", "N4")
@pytest.mark.postgres
def test_sessions_that_were_cut_at_rest_cost_nobody_an_error(postgres_url: str) -> None:
    """N4: an engine whose sessions ended with a restart of the database goes on with its next statement."""
    clock, target = HandClock(), Hostile()
    journal = open_journal(postgres_url, clock)
    engine = Engine(journal, [posting_flow()], [target], clock)
    engine.admit([event("1")])
    engine.drain()
    assert cut(postgres_url, "true") >= 1
    engine.admit([event("2")])
    engine.drain()
    assert journal.runs.states() == {("post-time", "settled"): 2} and set(target.effects.values()) == {1}
    journal.close()


@pytest.mark.req("E8")
@pytest.mark.postgres
def test_whoever_vanishes_holds_what_it_holds_for_seconds_only(postgres_url: str) -> None:
    """E8: locks of an engine that is cut off, or suspended, in the middle of a transaction; the database ends its
    session, and meanwhile it looks whether anybody is there.
    """
    journal = open_journal(postgres_url, HandClock())
    with journal.engine.connect() as connection:
        names = ("tcp_keepalives_idle", "tcp_user_timeout", "idle_in_transaction_session_timeout")
        found = [connection.scalar(sa.text(f"SHOW {name}")) for name in names]
        assert found == ["5", "20000", "1min"]
        connection.execute(sa.text("SET idle_in_transaction_session_timeout = '50ms'"))
        connection.commit()
        connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        engine = Engine(journal, [posting_flow()], [Hostile()], HandClock())
        assert engine.admit([event("1")]).started, "the lock of who rests in the middle was taken away"
        connection.invalidate()
    journal.close()
