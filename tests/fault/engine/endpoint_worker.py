"""An engine with one endpoint that works until nothing is due: `python -m … <journal url> <address> <owner> [kill]`.

With `kill` it is killed by itself once a wave of the plan is committed and nothing was sent of it yet.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from integrations.endpoints.endpoint import EndpointConnector
from integrations.engine import Engine, replaying
from models.domain.clock import SystemClock
from models.journal.ports.engine import EnginePort, open_engine
from models.journal.runs.replays import Replays
from tests.endpoints import endpoint

ENDS_SECONDS = 60.0


def killed_once_committed(journal: EnginePort) -> None:
    """Let the process end right behind the transaction that makes a wave's runs."""
    made = journal.runs.replay

    def replay(
        run_ids: Sequence[str], start: str, correction: Mapping[str, Any] | None, actor: str, because: Any
    ) -> Replays:
        made(run_ids, start, correction, actor, because)
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("it was killed")

    journal.runs.replay = replay  # type: ignore[method-assign]


def main() -> None:
    url, address, owner, *kill = sys.argv[1:]
    journal, clock = open_engine(url, SystemClock()), SystemClock()
    if kill:
        killed_once_committed(journal)
    replaying._LOOK_SECONDS = 0.05
    engine = Engine(journal, [], [EndpointConnector(endpoint(address, backoff_base=0.05), clock)], clock, owner=owner)
    print("ready", flush=True)
    ends = time.monotonic() + ENDS_SECONDS
    while time.monotonic() < ends:
        engine.drain(poll=False)
        time.sleep(0.02)


if __name__ == "__main__":
    main()
