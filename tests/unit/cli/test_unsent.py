"""`tieout unsent`: what a broker did not take is listed, and sent again with a reason; doctor names it (E12)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from app.cli import doctor
from models.journal.outbox import Unsent
from models.settings import Settings
from tests.unit.cli.test_alerts import tieout  # noqa: F401
from tests.unit.cli.test_commands import installed
from tests.unit.engine.hostile import event

pytestmark = pytest.mark.req("E12")
ENTRY = '[[broker]]\nname = "bus"\nurl = "BUS"\nexchange = "tieout.events"\n'


def test_what_was_not_taken_is_listed_and_sent_again(
    tmp_path: Path,
    tieout: Callable[..., Result],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "brokers.toml").write_text(ENTRY)
    home, given = tmp_path / "home", {"TIEOUT_CATALOGUE": str(tmp_path / "catalogue")}
    journal = installed(home)
    settings = Settings(home=home, catalogue=tmp_path / "catalogue")
    assert list(doctor._brokers(settings)) == [
        (False, "broker bus: set the environment variable BUS, here and where we run"),
    ]
    journal.outbox.begun("bus")
    waits = "broker bus: 0 pages of the journal's feed are to go out, and are kept for it"
    assert (True, waits) in list(doctor._brokers(settings))
    assert "brokers took every event" in tieout(home, "unsent", **given).output
    journal.outbox.refused(Unsent("bus", event("a").model_dump(mode="json"), "nobody listens"))
    assert (False, "broker bus did not take 1 events: `tieout unsent` says why") in list(doctor._brokers(settings))
    (row,) = json.loads(tieout(home, "unsent", "--format", "json", **given).output)
    assert (row["event_id"], row["source"], row["state"], row["why"]) == (
        "a-1",
        "psa/time",
        "waiting",
        "nobody listens",
    )
    wrong = tieout(home, "unsent", "again", "bux", "--reason", "it is bound", **given)
    assert wrong.exit_code == 2 and "there is bus" in wrong.output
    assert tieout(home, "unsent", "again", "bus", "--reason", " ", **given).exit_code == 2
    asked = tieout(home, "unsent", "again", "bus", "--reason", "it is bound", **given)
    assert (asked.exit_code, asked.output) == (0, "1 events are to be sent again to bus\n")
    assert [one.again_at is not None for one in journal.unsent.all()] == [True]
    records = [record for page in journal.feed.read(0) for record in page.records if record.status == "asked"]
    assert [record.body["reason"] for record in records] == ["it is bound"] and records[0].actor
    journal.close()
