"""A request to the engine from a terminal, and its answer. Who asks is the home's owner, with the rights of their roles
as on a page.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

from app.cli.installation import installation
from app.cli.output import fail, plain
from app.readings.processes import engine_silent, not_answered
from app.readings.replays import asking
from app.readings.replays.asking import NEEDS
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import ANYWHERE, Viewer, owner_viewer
from models.journal.requests import Request
from models.settings import Settings

PATIENCE_SECONDS = 3.0
"""How long a person sits before a terminal that says nothing."""


@contextmanager
def home(kind: str, as_: str | None = None) -> Iterator[tuple[Stores, Viewer]]:
    """The stores of this installation, and who makes a request of this kind there.

    Raises SystemExit with status 2 where there is no installation, and for roles that do not include it.
    """
    with acting(NEEDS[kind], as_) as (stores, viewer):
        yield stores, viewer


@contextmanager
def acting(action: Action, as_: str | None = None) -> Iterator[tuple[Stores, Viewer]]:
    """The stores of this installation, and who does this there: `as_` is another person than the home's owner.

    Raises SystemExit with status 2 where there is no installation, for roles that do not include it, and for another
    person where people sign in.
    """
    settings = installation(journal=True)
    viewer = named(settings, as_)
    if why_not := viewer.why_not(action, ANYWHERE):
        raise fail(why_not, 2)
    with closing(Stores(settings)) as stores:
        yield stores, viewer


def named(settings: Settings, as_: str | None) -> Viewer:
    """The home's owner, or the person that they say they are: where nobody signs in, a name is what somebody says."""
    owner = owner_viewer(settings)
    if not as_:
        return owner
    if settings.oidc_metadata_url:
        raise fail("--as is for an installation without sign-in: here people prove who they are on a page", 2)
    return replace(owner, name=as_, subject=as_)


def proven(stores: Stores) -> None:
    """Refuse what takes two people where people sign in: this terminal cannot tell them apart.

    Raises SystemExit with status 2.
    """
    if stores.settings.oidc_metadata_url:
        raise fail("this takes two people, who prove who they are by signing in: do it on the console's pages", 2)


def ask(
    kind: str,
    body: Mapping[str, Any],
    reason: str,
    wait: float,
    content: Callable[[Mapping[str, Any]], bool] = lambda _: True,
    as_: str | None = None,
) -> int:
    """Append a request, wait at most `wait` seconds, print its answer; 0 when it was done and `content` with the
    result, else 1. One that waits for a second person is not waited for: what it waits for is printed.

    Raises SystemExit with a sentence when no engine answers; the request is kept and will be carried out.
    """
    with home(kind, as_) as (stores, viewer):
        answer = answered(stores, viewer, kind, body, reason, wait)
        printed(waits_for(stores, answer.request_id) if answer.state == "asked" else answer.result)
    return 0 if answer.state == "done" and content(answer.result or {}) else 1


def answered(stores: Stores, viewer: Viewer, kind: str, body: Mapping[str, Any], reason: str, wait: float) -> Request:
    """Append a request in this viewer's name and wait at most `wait` seconds for its answer, or for word that it takes
    a second person.

    Raises SystemExit with a sentence when no engine answers; the request is kept and will be carried out.
    """
    if kind == "replay" and stores.desk.requests.weight(body).because:
        proven(stores)
    try:
        request = asking.ask(stores, viewer, kind, body, reason)
    except ValueError as refusal:
        raise fail(str(refusal), 2) from refusal
    return awaited(stores, request, wait)


def awaited(stores: Stores, request: str, wait: float) -> Request:
    """The answer to a request, or word that it takes a second person, after at most `wait` seconds.

    Raises SystemExit with a sentence when no engine answers; the request is kept and will be carried out.
    """
    began, told = time.monotonic(), not sys.stderr.isatty()
    while True:
        answer = stores.journal.requests.get(request)
        if answer is not None and (answer.ended or answer.state == "asked"):
            return answer
        if (waited := time.monotonic() - began) >= wait:
            break
        if waited > PATIENCE_SECONDS and not told:
            print(f"request {request} is kept: waiting for its answer, up to {wait:.0f} s", file=sys.stderr)
            told = True
        time.sleep(0.2)
    silent = not_answered(engine_silent(stores))
    raise fail(
        f"request {request} has no answer after {wait:.0f} s: "
        + (f"is the engine running? {silent}" if silent else "it is kept, and the engine is at work on it or others")
    )


def waits_for(stores: Stores, request_id: str) -> Mapping[str, Any]:
    """What a request waits for, and the command by which somebody else approves it."""
    asked = stores.journal.requests.approval(request_id)
    if asked is None:
        return {"request_id": request_id}
    command = f"tieout approve {request_id} --hash {asked.hash} --words …"
    waits = {"request_id": request_id, "state": asked.state, "waits_for": "a second person", "because": asked.because}
    return {**waits, "hash": asked.hash, "expires_at": asked.expires_at, "approve_with": command}


def printed(result: Any) -> None:
    """Print an answer as JSON."""
    print(json.dumps(result, indent=2, ensure_ascii=False, default=plain))
