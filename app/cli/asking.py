"""A request to the engine from a terminal, and its answer. Who asks is the home's owner, with the rights of their roles
as on a page.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any

from app.cli.installation import installation
from app.cli.output import fail, plain
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer, owner_viewer
from models.journal.requests import Request

RIGHTS = {
    "preview": Action.PREVIEW,
    "replay": Action.REPLAY,
    "cancel": Action.REPLAY,
    "pause_flow": Action.REPLAY,
    "resume_flow": Action.REPLAY,
}
"""What each kind of request needs: who may start runs again may also hold and end them."""


@contextmanager
def home(kind: str) -> Iterator[tuple[Stores, Viewer]]:
    """The stores of this installation, and who makes a request of this kind there.

    Raises SystemExit with status 2 where there is no installation, and for roles that do not include it.
    """
    settings = installation(journal=True)
    viewer = owner_viewer(settings)
    if why_not := viewer.why_not(RIGHTS[kind]):
        raise fail(why_not, 2)
    with closing(Stores(settings)) as stores:
        yield stores, viewer


def ask(
    kind: str,
    body: Mapping[str, Any],
    reason: str,
    wait: float,
    content: Callable[[Mapping[str, Any]], bool] = lambda _: True,
) -> int:
    """Append a request, wait at most `wait` seconds, print its answer; 0 when it was done and `content` with the
    result, else 1.

    Raises SystemExit with a sentence when no engine answers; the request is kept and will be carried out.
    """
    with home(kind) as (stores, viewer):
        answer = answered(stores, viewer, kind, body, reason, wait)
    printed(answer.result)
    return 0 if answer.state == "done" and content(answer.result or {}) else 1


def answered(stores: Stores, viewer: Viewer, kind: str, body: Mapping[str, Any], reason: str, wait: float) -> Request:
    """Append a request in this viewer's name and wait at most `wait` seconds for its answer.

    Raises SystemExit with a sentence when no engine answers; the request is kept and will be carried out.
    """
    request = stores.desk.requests.append(kind, body, viewer.actor, reason)
    deadline = time.monotonic() + wait
    while time.monotonic() < deadline:
        answer = stores.journal.requests.get(request)
        if answer is not None and answer.ended:
            return answer
        time.sleep(0.2)
    raise fail(
        f"request {request} has no answer after {wait:.0f} s: is the engine running? (`tieout doctor`). "
        "It is kept and will be carried out"
    )


def printed(result: Any) -> None:
    """Print an answer as JSON."""
    print(json.dumps(result, indent=2, ensure_ascii=False, default=plain))
