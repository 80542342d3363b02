"""Events that brokers did not take, as a viewer may see them, and having them sent again (E12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer

SENDS_AGAIN = Action.REPLAY


@dataclass(frozen=True, slots=True)
class UnsentRow:
    """One event that a broker did not take; times are wall time in UTC, `state` is waiting or to be sent again."""

    refused_at: datetime | None
    state: str
    broker: str
    type: str
    subject: str
    source: str
    event_id: str
    why: str


def listed(stores: Stores, viewer: Viewer) -> tuple[UnsentRow, ...]:
    """The oldest first; who is limited to some legal entities sees the events of these alone."""
    return tuple(
        UnsentRow(
            one.refused_at,
            "to be sent again" if one.again_at else "waiting",
            one.broker,
            str(one.body["type"]),
            str(one.body["subject"]),
            *one.key,
            one.why,
        )
        for one in stores.journal.unsent.all()
        if not viewer.entities or one.body.get("legalentity") in viewer.entities
    )


def send_again(stores: Stores, viewer: Viewer, broker: str, reason: str) -> int:
    """Have everything sent again that a broker did not take; how much. It is on record, with the reason.

    Raises ValueError for a broker that sends nothing, and for who may not, or may not for every legal entity.
    """
    if lacking := viewer.why_not(SENDS_AGAIN, {"the events of every flow": None}):
        raise ValueError(lacking)
    if viewer.entities:
        raise ValueError("events of every legal entity would go: ask somebody who is limited to none")
    known = [one.name for one in stores.catalogue.brokers if one.exchange]
    if broker not in known:
        names = ", ".join(known) or "none: name one in brokers.toml of TIEOUT_CATALOGUE"
        raise ValueError(f"there is no broker {broker} to which events go; there is {names}")
    if not reason.strip():
        raise ValueError("say why: the reason stands in the record")
    return stores.desk.unsent.send_again(broker, viewer.actor, reason)
