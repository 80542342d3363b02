"""Ask to write off a record that never arrived, or to take that back; and whether it still stands as it was asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

from app.readings.approvals import reading as approvals
from app.readings.masking import Amount, Masked, OfKind
from app.readings.reading import rows
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.approval import NotApproved
from models.journal.requests import Approval
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("writing_off.sql"))
OPEN = ("case", "unexplained")
"""Places of what may be written off: what is on its way may still arrive."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A record of a source that did not land, as far as a write-off needs it."""

    flow: str
    entity: str
    item_key: str
    currency: str | None
    legal_entity: str | None
    period: str | None
    project_key: str | None
    source: str
    target: str
    target_key: str | None
    source_amount: Annotated[Amount, OfKind("entity")] | None
    place: str
    case_id: str | None


def ask(stores: Stores, viewer: Viewer, item_key: str, entity: str, amount: str | None, reason: str) -> str:
    """Ask to write this record off; the request's id. Without an `amount` all of it.

    Raises ValueError where there is not exactly one such record, where it cannot be written off, or for another amount.
    """
    record = _only(stores, viewer, item_key, entity)
    if lacking := why_not(stores, viewer, item_key, record.flow):
        raise ValueError(lacking)
    if isinstance(record.source_amount, Masked):
        raise ValueError(f"what {item_key} is worth is masked for your roles: nobody writes off what they cannot read")
    return stores.desk.requests.write_off(
        asdict(record), _amount(amount, record.source_amount), viewer.actor, reason, viewer.subject
    )


def why_not(stores: Stores, viewer: Viewer, item_key: str, flow: str) -> str | None:
    """Why this viewer may not ask to write off a record of this flow, in a sentence; None where they may."""
    return viewer.why_not(Action.WRITE_OFF, {item_key: stores.catalogue.domain_of(flow)})


def take_back(stores: Stores, viewer: Viewer, write_off_id: str, reason: str) -> str:
    """Ask to end a write-off that stands; the request's id. Raises ValueError where none of this id does within the
    viewer's scope.
    """
    asked = approvals.one(stores, viewer, write_off_id)
    if asked and (lacking := viewer.why_not(Action.WRITE_OFF, asked.domains)):
        raise ValueError(lacking)
    if asked is None:
        raise ValueError(f"there is no write-off {write_off_id} that stands: see `tieout requests --standing`")
    return stores.desk.requests.take_back(write_off_id, viewer.actor, reason, viewer.subject)


def unchanged(stores: Stores, viewer: Viewer, asked: Approval | None) -> None:
    """Raises NotApproved where the record is not any more what somebody asked to write off."""
    if asked is None:
        return
    wanted = {name: asked.content[name] for name in ("flow", "entity", "currency")}
    found = [
        one
        for one in _apart(stores, viewer, asked.content["item_key"], asked.content["entity"])
        if one.place in OPEN
        and one.target_key is None
        and one.source_amount == Decimal(asked.content["amount"])
        and {name: getattr(one, name) for name in wanted} == wanted
    ]
    if len(found) != 1:
        raise NotApproved("what it is about has changed since it was asked for: it must be asked for again")


def _only(stores: Stores, viewer: Viewer, item_key: str, entity: str) -> Apart:
    found = _apart(stores, viewer, item_key, entity)
    if not found:
        raise ValueError(f"nothing of {item_key} is apart: see the records of Reconciliation")
    if len(found) > 1:
        names = ", ".join(sorted({one.entity for one in found}))
        raise ValueError(f"{item_key} is apart more than once ({names}): say which by its entity")
    if found[0].place == "on_its_way":
        raise ValueError(f"{item_key} is on its way: wait until its service level has passed")
    return found[0]


def _apart(stores: Stores, viewer: Viewer, item_key: str, entity: str) -> tuple[Apart, ...]:
    return rows(stores, viewer, SQL["apart"], Apart, item_key=item_key, kind=entity)


def _amount(given: str | None, whole: Decimal | None) -> Decimal:
    try:
        return Decimal(given) if given else whole or Decimal(0)
    except InvalidOperation:
        raise ValueError(f"{given!r} is no amount: give it as 800.00") from None
