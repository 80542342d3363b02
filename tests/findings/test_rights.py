"""Who sees what: the scope of a legal entity, and what lies open beside the console."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.console.gatekeeping import Gatekeeping, names_of
from app.readings.identity import Refusal, recognised
from app.readings.journey.reading import SQL as JOURNEY
from app.readings.scope import scoped
from app.readings.viewer import Viewer
from models.journal.cases import CaseFilter
from models.journal.cases.cases import Cases
from models.settings import Settings
from tests.unit.cases.conftest import cases, clock, engine, feed  # noqa: F401
from tests.unit.cases.lakes import Lake, money
from tests.unit.cases.test_cases import RATES, entry
from tests.unit.lake.samples import filled, settings_at

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.mark.finding("A1a")
def test_a_journey_of_another_legal_entity_stays_shut() -> None:
    """A person of NOV-DE opens the journey of an NOV-UK time entry in 0.1.0: its source event has no legal entity, and
    none passes.
    Wanted: nothing.
    """
    lake = Lake()
    shared = {
        "flow": "time-to-bill",
        "run_id": "run-1",
        "correlation_id": "c-1",
        "business_key": "time_entry:TE-kantata-1",
    }
    lake.record("source_event", body={"data": {"cost_rate": money("58.00", "GBP")}}, **shared)
    lake.record("settlement", legal_entity="NOV-UK", status="settled", **shared)
    asked = {"correlations": ["c-1"], "key": shared["business_key"], "entities": ["NOV-DE"]}
    german = scoped(JOURNEY["steps"], Viewer("li", frozenset(), ("NOV-DE",)))
    assert lake.connection.execute(german, asked).to_arrow_table().num_rows == 0


@pytest.mark.finding("A1b")
def test_a_person_without_an_entity_group_sees_no_entity() -> None:
    """In 0.1.0 a forgotten group widens the scope to all. Wanted: refused, or limited by name."""
    claims = {
        "is_logged_in": True,
        "email": "li@example.com",
        "groups": ["tieout-finance"],
        "exp": NOW.timestamp() + 60,
    }
    found = recognised(
        Settings(oidc_metadata_url="https://id.example/.well-known/openid-configuration"), claims, "0.0.0.0", True, NOW
    )
    assert isinstance(found, Refusal) or found.entities, f"{found.name} is limited to no entity"


@pytest.mark.finding("A1c", "C3")
def test_a_case_of_two_entities_is_seen_by_both(cases: Cases) -> None:  # noqa: F811
    """21 of 30 items of one case were another entity's in 0.1.0, whose people never saw it.
    Wanted: a person of either finds what is theirs.
    """
    cases.report("orphaned_project", [entry(1), replace(entry(2), legal_entity="NOV-UK")], RATES)
    seen = {entity: cases.page(CaseFilter(legal_entities=(entity,))).total for entity in ("NOV-DE", "NOV-UK")}
    assert seen == {"NOV-DE": 1, "NOV-UK": 1}


@pytest.mark.finding("A6a")
def test_other_people_of_the_machine_read_no_lake(tmp_path: Path) -> None:
    """The home of 0.1.0 is 0755 and its files 0644, rates unmasked. Wanted: its owner alone can read them."""
    home = tmp_path / "home"
    filled(settings_at(home), batches=1, rows=3).close()
    open_files = [file.name for file in home.rglob("*") if file.is_file() and file.stat().st_mode & 0o077]
    assert not home.stat().st_mode & 0o077 or not open_files, open_files


@pytest.mark.finding("A12c")
def test_a_websocket_of_another_origin_is_refused() -> None:
    """The console of 0.1.0 lets a page of any port of localhost open its WebSocket. Wanted: the console's own origin
    alone.
    """
    reached: list[Any] = []

    async def behind(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])

    async def nothing(*_: Any) -> Any:
        return {"type": "websocket.connect"}

    headers = [(b"host", b"127.0.0.1:8501"), (b"origin", b"http://localhost:9999")]
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": headers}
    asyncio.run(Gatekeeping(behind, names_of(Settings()))(scope, nothing, nothing))
    assert reached == []
