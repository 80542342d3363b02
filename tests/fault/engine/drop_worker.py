"""A process that reads a drop folder into the journal, in small pages, until it is killed.

`python -m tests.fault.engine.drop_worker JOURNAL_URL FOLDER`; the folder's mapping lies beside it as map.toml.
"""

from __future__ import annotations

import sys
from pathlib import Path

from integrations.connectors.csv import CONNECTOR
from integrations.contracts.connector import Role, SystemConfig
from integrations.engine import Engine
from models.domain.clock import SystemClock
from models.journal import open_journal
from tests.unit.engine.hostile import Hostile, posting_flow


def reading(url: str, folder: Path) -> Engine:
    """An engine whose source is the folder; two rows a page."""
    clock = SystemClock()
    options = {"folder": str(folder), "mapping": str(folder.parent / "map.toml")}
    sheets = CONNECTOR(SystemConfig("sheets", "csv", Role.PSA, "file:///", (), {}, options), clock)
    engine = Engine(open_journal(url, clock), [posting_flow()], [sheets, Hostile()], clock)
    engine.polling._limit = 2
    return engine


if __name__ == "__main__":
    engine = reading(sys.argv[1], Path(sys.argv[2]))
    print("ready", flush=True)
    while True:
        engine.poll()
