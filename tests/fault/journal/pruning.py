"""A process that prunes a journal until it is killed: `python -m tests.fault.journal.pruning JOURNAL_URL NOW`; it says
`ready` once, and then a line for each transaction.
"""

from __future__ import annotations

import sys
from datetime import datetime

from models.journal import open_journal
from tests.unit.engine.hostile import HandClock


def main(url: str, now: str) -> None:
    journal = open_journal(url, HandClock(datetime.fromisoformat(now)))

    def going() -> bool:
        print("pruned", flush=True)
        return True

    print("ready", flush=True)
    journal.retention.prune(1, going)


if __name__ == "__main__":
    main(*sys.argv[1:])
