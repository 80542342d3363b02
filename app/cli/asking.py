"""A request to the engine from a terminal, and its answer."""

from __future__ import annotations

import getpass
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from app.cli.installation import installation
from app.cli.output import fail
from models.domain.clock import clock_at
from models.journal.ports.desk import DeskPort, open_desk
from models.journal.ports.readings import ReadingsPort, open_readings
from models.journal.requests import Request


def journal_here() -> ReadingsPort:
    """The journal of this installation, to look at."""
    settings = installation(journal=True)
    return open_readings(settings.journal_address, clock_at(settings.world_clock))


def desk_here() -> DeskPort:
    """Where requests to this installation's engine are written."""
    settings = installation(journal=True)
    return open_desk(settings.journal_address, clock_at(settings.world_clock))


def ask(
    kind: str,
    body: Mapping[str, Any],
    reason: str,
    wait: float,
    content: Callable[[Mapping[str, Any]], bool] = lambda _: True,
    journal: ReadingsPort | None = None,
) -> int:
    """Append a request, wait at most `wait` seconds, print its answer; 0 when it was done and `content` with the
    result, else 1.

    Raises SystemExit with a sentence when no engine answers; the request is kept and will be carried out.
    """
    request = desk_here().requests.append(kind, body, f"cli:{getpass.getuser()}", reason)
    answer = _awaited(journal or journal_here(), request, wait)
    print(json.dumps(answer.result, indent=2, ensure_ascii=False, default=str))
    return 0 if answer.state == "done" and content(answer.result or {}) else 1


def _awaited(journal: ReadingsPort, request: str, wait: float) -> Request:
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        answer = journal.requests.get(request)
        if answer is not None and answer.ended:
            return answer
        time.sleep(0.2)
    raise fail(
        f"request {request} has no answer after {wait:.0f} s: is the engine running? (`tieout doctor`). "
        "It is kept and will be carried out"
    )
