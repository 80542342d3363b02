"""An engine process over a target whose only memory is an append-only file: what it holds after a kill is what really
happened.

Usage: python -m tests.fault.engine.ledger_worker JOURNAL_URL LEDGER BULK [WRITES SECONDS]

With the last two it dies without a chance to clean up, SECONDS of its own processor time after so many writes: wherever
it then is, and however busy the machine.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from integrations.contracts.connector import Answer, Change
from integrations.engine import Engine
from models.domain.clock import SystemClock
from models.domain.outcomes import Acknowledgement
from models.journal import open_journal
from tests.unit.engine.hostile import Hostile, posting_flow

LEASE = 1.0


class LedgerTarget(Hostile):
    """Each write is one line, durable before its answer; a look-up reads the file."""

    def __init__(self, ledger: Path, bulk: int, writes: int = 0, seconds: float = 0.0) -> None:
        super().__init__(bulk=bulk)
        self._left, self._seconds = writes, seconds
        self._file = os.open(ledger, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
        self._ledger = ledger

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        answers: list[Answer] = []
        for change in changes:
            os.write(self._file, f"{change.external_id} {os.getpid()}\n".encode())
            answers.append(Acknowledgement("erp", f"id-{change.external_id}"))
            self._left -= 1
            if self._left == 0:
                signal.setitimer(
                    signal.ITIMER_PROF, self._seconds
                )  # SIGPROF, which nobody handles, ends the process at once
        time.sleep(0.001)
        return answers

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        there = {line.split(" ")[0] for line in self._ledger.read_text().splitlines()}
        return [
            Acknowledgement("erp", f"id-{change.external_id}") if change.external_id in there else None
            for change in changes
        ]


def main(url: str, ledger: str, bulk: str, writes: str = "0", seconds: str = "0") -> None:
    """Work until nothing is open, or until killed."""
    clock = SystemClock()
    journal = open_journal(url, clock)
    target = LedgerTarget(Path(ledger), int(bulk), int(writes), float(seconds))
    engine = Engine(journal, [posting_flow(bulk=int(bulk))], [target], clock, page=40, lease_seconds=LEASE)
    print("ready", flush=True)
    while journal.runs.states().get(("post-time", "settled"), 0) < sum(journal.runs.states().values()):
        journal.runs.reap()
        if not engine.work():
            time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
