"""The part of the collector that needs the journal waits for it, says so, and begins when it comes (N4)."""

from __future__ import annotations

import threading

import pytest

from collectors import journal_link
from collectors.journal_link import JournalLink
from models.domain.clock import SystemClock
from models.domain.errors import Misconfigured
from models.journal import open_journal


class Work:
    """Something that works on an open journal."""

    def __init__(self) -> None:
        self.fault: str | None = None
        self.started, self.stopped = threading.Event(), threading.Event()

    def parts(self) -> dict[str, str | None]:
        return {"detection": self.fault}

    def start(self) -> None:
        self.started.set()

    def stop(self, seconds: float) -> None:
        self.stopped.set()


@pytest.mark.req("N4")
@pytest.mark.parametrize("error", [Misconfigured("the journal was migrated by a newer release"), RuntimeError()])
def test_whatever_hinders_the_journal_shows_as_a_fault_and_is_tried_again(tmp_path, monkeypatch, error):
    faults, work = [], Work()

    def opening():
        faults.append(link.faults)
        if len(faults) < 3:
            raise error
        return open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", SystemClock())

    monkeypatch.setattr(journal_link, "RETRY_SECONDS", 0.01)
    link = JournalLink(opening, lambda journal: [work])
    link.start()
    assert work.started.wait(20), "it was not tried again"
    assert faults == [[], *[[f"journal: {str(error) or 'RuntimeError'}"]] * 2]
    link.stop(10)
    assert work.stopped.is_set()


def test_a_fault_of_what_works_on_the_journal_shows_too(tmp_path):
    work = Work()
    link = JournalLink(
        lambda: open_journal(f"sqlite:///{tmp_path / 'journal.sqlite'}", SystemClock()), lambda _: [work]
    )
    link.start()
    assert work.started.wait(20)
    work.fault = "detectors: a turn took longer than 1 s"
    while not link.faults:
        threading.Event().wait(0.01)
    assert link.faults == ["detectors: a turn took longer than 1 s"]
    assert link.parts() == {"journal": None, "detection": "detectors: a turn took longer than 1 s"}
    link.stop(10)
