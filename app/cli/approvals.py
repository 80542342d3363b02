"""`tieout approve`, `refuse`, `withdraw` and `write-off`: what takes two people, from a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from app.cli.asking import acting, printed, proven, waits_for
from app.cli.installation import installation
from app.cli.output import fail
from app.readings.approvals import deciding
from app.readings.approvals.reading import DECIDES
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.tieout import writing_off
from models.domain.approval import NotApproved


def approve(request_id: str, seen: str, words: str, as_: str | None) -> int:
    """Agree to the request with exactly this hash; 1 where that does not hold."""
    with acting(_needs(request_id), as_) as (stores, viewer), _said():
        proven(stores)
        deciding.approve(stores, viewer, request_id, seen, words)
        printed({"request_id": request_id, "decision": "approved", "by": viewer.actor})
    return 0


def refuse(request_id: str, words: str, as_: str | None) -> int:
    """Say no to what another asked; 1 where it is decided already."""
    with acting(_needs(request_id), as_) as (stores, viewer), _said():
        deciding.refuse(stores, viewer, request_id, words)
        printed({"request_id": request_id, "decision": "refused", "by": viewer.actor})
    return 0


def withdraw(request_id: str, words: str | None, as_: str | None) -> int:
    """Take back what oneself asked; 1 where it is decided already."""
    with acting(_needs(request_id, mine=True), as_) as (stores, viewer), _said():
        deciding.withdraw(stores, viewer, request_id, words)
        printed({"request_id": request_id, "decision": "withdrawn", "by": viewer.actor})
    return 0


def write_off(key: str, reason: str, entity: str, amount: str | None, end: bool, as_: str | None) -> int:
    """Ask to write a record off, or with `end` to take its write-off back; prints what that waits for."""
    with acting(Action.WRITE_OFF, as_) as (stores, viewer), _said():
        proven(stores)
        if end:
            standing = stores.journal.requests.written_off(key)
            if len(standing) != 1:
                raise ValueError(f"{len(standing)} write-offs of {key} stand: nothing to take back")
            request_id = writing_off.take_back(stores, viewer, standing[0], reason)
        else:
            request_id = writing_off.ask(stores, viewer, key, entity, amount, reason)
        printed(waits_for(stores, request_id))
    return 0


def _needs(request_id: str, mine: bool = False) -> Action:
    """What deciding this request needs; whoever asked for it may take it back with the right to ask."""
    with closing(Stores(installation(journal=True))) as stores:
        asked = stores.journal.requests.approval(request_id)
    if asked is None:
        raise fail(f"nothing of request {request_id} waits for a second person: see `tieout requests`", 2)
    if not mine:
        return DECIDES[asked.kind]
    return Action.REPLAY if asked.kind == "replay" else Action.WRITE_OFF


@contextmanager
def _said() -> Iterator[None]:
    """Refusals in a sentence: 1 where a decision does not hold, 2 where it was asked wrongly."""
    try:
        yield
    except NotApproved as refusal:
        raise fail(str(refusal), 1) from refusal
    except ValueError as refusal:
        raise fail(str(refusal), 2) from refusal
