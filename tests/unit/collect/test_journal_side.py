"""The part of the collector that needs the journal waits for it, says so, and begins when it comes (N4)."""

from __future__ import annotations

import threading

import pytest

from collectors import collector
from collectors.collector import JournalSide
from collectors.pipeline.commits import Commits
from models.domain.errors import Misconfigured
from models.journal import open_journal
from models.settings import Settings
from tests.unit.collect.memory_lake import MemoryLake


@pytest.mark.req("N4")
@pytest.mark.parametrize("error", [Misconfigured("the journal was migrated by a newer release"), RuntimeError()])
def test_whatever_hinders_the_journal_shows_as_a_fault_and_is_tried_again(tmp_path, monkeypatch, error):
    opened, faults = threading.Event(), []

    def opening(*arguments):
        faults.append(side.fault)
        if len(faults) < 3:
            raise error
        journal = open_journal(*arguments)
        opened.set()
        return journal

    monkeypatch.setattr(collector, "open_journal", opening)
    monkeypatch.setattr(collector, "RETRY_SECONDS", 0.01)
    side = JournalSide(Settings(home=tmp_path), Commits(MemoryLake), "me")
    side.start()
    assert opened.wait(20), "it was not tried again"
    assert faults == [None, *[f"journal: {str(error) or 'RuntimeError'}"] * 2]
    side.stop(10)
