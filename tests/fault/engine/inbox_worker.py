"""A process that takes in, or admits, until it is killed.

`python -m tests.fault.engine.inbox_worker JOURNAL_URL ROLE LEDGER`

As `receiver` it appends items 0, 1, 2 … and notes each in the ledger once its append has returned; as `engine` it
admits what waits, in small pages.
"""

from __future__ import annotations

import os
import sys

from integrations.engine import Engine
from models.domain.clock import SystemClock
from models.journal import open_journal
from models.journal.inbox import Item
from tests.unit.engine.hostile import Hostile, event, posting_flow


def main(url: str, role: str, ledger: str) -> None:
    clock = SystemClock()
    journal = open_journal(url, clock)
    engine = Engine(journal, [posting_flow()], [Hostile()], clock)
    engine.inbox._limit = 3
    file = os.open(ledger, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o644)
    print("ready", flush=True)
    n = int(sys.stdin.readline())
    while True:
        if role == "engine":
            engine.inbox.admit()
            continue
        journal.inbox.append([Item("webhooks", str(n), clock.now(), event(str(n)).model_dump(mode="json"))])
        os.write(file, f"{n}\n".encode())
        n += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
