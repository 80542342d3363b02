"""An engine process with value maps over a target whose only memory is an append-only file.

Usage: python -m tests.fault.engine.words_worker JOURNAL_URL LEDGER VERSION [WRITES SECONDS]

Version 1 of its map has no row for one of the words, version 2 has. With the last two it dies as `ledger_worker` does;
else it ends once nothing is due.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from models.domain.clock import SystemClock
from models.journal import open_journal
from tests.fault.engine.ledger_worker import LEASE, LedgerTarget
from tests.unit.engine.test_words import ROWS, inward, started


def main(url: str, ledger: str, version: str, writes: str = "0", seconds: str = "0") -> None:
    """Work until nothing is due, or until killed."""
    rows = ROWS if version == "1" else {**ROWS, "Mule": "travel"}
    journal, target = open_journal(url, SystemClock()), LedgerTarget(Path(ledger), 1, int(writes), float(seconds))
    engine = started(journal, target, SystemClock(), inward(int(version), rows), page=20, lease_seconds=LEASE)
    print("ready", flush=True)
    while {"ready", "running", "in_doubt"} & {state for _, state in journal.runs.states()}:
        journal.runs.reap()
        if not engine.work():
            time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
