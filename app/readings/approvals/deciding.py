"""A second person's word, by whatever road it comes: the same rights, scope and look at the books (E4, X9, X12, G1)."""

from __future__ import annotations

from app.readings.approvals.reading import DECIDES, one
from app.readings.approvals.rows import Asked
from app.readings.stores import Stores
from app.readings.tieout.writing_off import unchanged
from app.readings.viewer import Viewer
from models.domain.approval import NotApproved


def approve(stores: Stores, viewer: Viewer, request_id: str, seen: str, words: str) -> None:
    """Agree to the request of which this viewer saw the hash `seen`.

    Raises NotApproved where it does not hold, ValueError without words.
    """
    asked = _allowed(stores, viewer, request_id)
    if asked.kind == "write_off" and asked.decision is None:
        unchanged(stores, viewer, stores.journal.requests.approval(request_id))
    stores.desk.requests.approve(request_id, seen, viewer.actor, words, viewer.subject)


def refuse(stores: Stores, viewer: Viewer, request_id: str, words: str) -> None:
    """Say no. Raises NotApproved where it is decided, or the viewer's own; ValueError without words."""
    _allowed(stores, viewer, request_id)
    stores.desk.requests.refuse(request_id, viewer.actor, words, viewer.subject)


def withdraw(stores: Stores, viewer: Viewer, request_id: str, words: str | None = None) -> None:
    """Take back what this viewer asked for. Raises NotApproved where it is decided, or another's."""
    stores.desk.requests.withdraw(request_id, viewer.actor, words, viewer.subject)


def _allowed(stores: Stores, viewer: Viewer, request_id: str) -> Asked:
    asked = one(stores, viewer, request_id)
    if asked is None:
        raise NotApproved(f"nothing of request {request_id} waits for a second person: see `tieout requests`")
    if lacking := viewer.why_not(DECIDES[asked.kind], asked.domains):
        raise NotApproved(lacking)
    return asked
