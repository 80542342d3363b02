"""The thread that each process carries, over a catalogue's own files: it delivers, says what hinders it, and stays away
where nobody is to be told (X10).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from models.alerting.alerting import Alerting
from models.catalogue import load_catalogue
from models.journal import Journal
from models.settings import Settings
from tests.alerting import RATES, SECRET, Receiver, found

pytestmark = pytest.mark.req("X10")


def installed(folder: Path, url: str) -> Settings:
    road = f'[[road]]\nname = "hook"\nwebhook = "{url}"\nsecret = "ACME_SECRET"\n'
    (folder / "roads.toml").write_text(road)
    (folder / "audiences.toml").write_text('[[audience]]\nname = "ops"\nroads = ["hook"]\n')
    return Settings(home=folder / "home", catalogue=folder, console_url="https://tieout.acme.example/")


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_thread_delivers_and_gives_the_lease_back(journal: Journal, tmp_path: Path, receiver: Receiver) -> None:
    settings = installed(tmp_path, receiver.url)
    journal.cases.report("d", [found("project-missing", "PRJ-1")], RATES)
    alerting = Alerting(settings, lambda: (load_catalogue(settings), journal), "one", {"ACME_SECRET": SECRET})
    alerting.start()
    until(lambda: alerting.beats())
    alerting.stop(10.0)
    [(_, told)] = receiver.taken
    assert told["data"]["cases"][0]["link"].startswith("https://tieout.acme.example/exceptions?case=")
    assert alerting.parts() == {"alerts": None} and journal.alerts.hold("two", 45.0)


def test_a_journal_that_cannot_be_opened_is_asked_again_and_shows(
    journal: Journal, tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.alerting.alerting.TURN_SECONDS", 0.02)
    settings, tries = installed(tmp_path, receiver.url), list[None]()

    def opening() -> tuple[object, Journal]:
        tries.append(None)
        if len(tries) < 3:
            raise OSError("the journal is away")
        return load_catalogue(settings), journal

    alerting = Alerting(settings, opening, "one", {})  # type: ignore[arg-type]
    alerting.start()
    until(lambda: alerting.fault)
    assert alerting.parts() == {"alerts": "alerts: OSError: the journal is away"} or len(tries) >= 3
    until(lambda: len(tries) == 3 and alerting.fault is None)
    alerting.stop(10.0)


def test_where_nobody_is_to_be_told_the_thread_ends(journal: Journal, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    alerting = Alerting(settings, lambda: (load_catalogue(settings), journal), "one", {})
    alerting.start()
    until(lambda: not alerting._turns._thread.is_alive())
    assert alerting.beats() == [] and alerting.parts() == {}
    alerting.stop(1.0)
