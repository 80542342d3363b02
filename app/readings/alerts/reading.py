"""Alerts as a viewer may see them: who is limited to some legal entities sees those that tell of these alone (X10)."""

from __future__ import annotations

from app.readings.alerts.rows import Told
from app.readings.page import Page
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.alert import PENDING, Delivery


def listed(stores: Stores, viewer: Viewer, part: Page = Page(50)) -> tuple[Told, ...]:
    """A page of alerts, the newest first."""
    found = stores.journal.alerts.recent(part.size, part.offset)
    return tuple(told(one) for one in found if _shown(viewer, one))


def told(one: Delivery) -> Told:
    """The row of an alert."""
    return Told(
        one.made_at,
        one.state,
        one.alert.kind,
        one.audience,
        one.road,
        one.alert.title,
        one.attempts,
        one.fault,
        one.tried_at,
        one.next_at if one.state == PENDING else None,
        one.alert_id,
    )


def _shown(viewer: Viewer, one: Delivery) -> bool:
    """Whether all that an alert tells is within the viewer's scope; what it only counts nobody can say that of."""
    cases = one.alert.data.get("cases", [])
    if not viewer.entities:
        return True
    whole = one.alert.data.get("count", 0) == len(cases)
    return whole and all(case["legal_entity"] in viewer.entities for case in cases)
