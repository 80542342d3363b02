"""Trying whether alerts arrive: the same road, outbox and sender as any other."""

from __future__ import annotations

from app.readings.clear import audit
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.alerting.wording import Wording

TRIES = Action.TRIAGE
"""Who works on cases may try whether they would hear of them."""


def attempt(stores: Stores, viewer: Viewer, audience: str) -> list[str]:
    """Put a test on each road of an audience; the ids of its alerts.

    Raises ValueError for an audience that is not there or has no road, and for who may not.
    """
    catalogue, settings = stores.catalogue, stores.settings
    if lacking := viewer.why_not(TRIES):
        raise ValueError(lacking)
    known = {one.name: one for one in catalogue.audiences}
    if audience not in known:
        names = ", ".join(known) or "none: name one in audiences.toml of TIEOUT_CATALOGUE"
        raise ValueError(f"there is no audience {audience}; there is {names}")
    if not known[audience].roads:
        raise ValueError(f"audience {audience} has no road: name one in audiences.toml")
    words = Wording(catalogue.reporting_currency, settings.console_address, catalogue.teams)
    audit(stores, viewer, "alert tried", audience)
    return stores.desk.alerts.put(known[audience], words.of_test(known[audience], viewer.name), {})
