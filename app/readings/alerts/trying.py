"""Trying whether alerts arrive: the same road, outbox and sender as any other."""

from __future__ import annotations

from app.readings.clear import audit
from app.readings.domains import of_flows
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.systems import reading as systems
from app.readings.viewer import Things, Viewer
from models.alerting.wording import Wording
from models.domain.audience import Audience
from models.domain.team import domain

TRIES = Action.TRIAGE
"""Who works on cases may try whether they would hear of them."""


def attempt(stores: Stores, viewer: Viewer, audience: str) -> list[str]:
    """Put a test on each road of an audience; the ids of its alerts.

    Raises ValueError for an audience that is not there or has no road, and for who may not.
    """
    catalogue, settings = stores.catalogue, stores.settings
    known = {one.name: one for one in catalogue.audiences}
    if audience not in known:
        names = ", ".join(known) or "none: name one in audiences.toml of TIEOUT_CATALOGUE"
        raise ValueError(f"there is no audience {audience}; there is {names}")
    if lacking := viewer.why_not(TRIES, _told_of(stores, viewer, known[audience])):
        raise ValueError(lacking)
    if not known[audience].roads:
        raise ValueError(f"audience {audience} has no road: name one in audiences.toml")
    words = Wording(catalogue.reporting_currency, settings.console_address, catalogue.teams)
    audit(stores, viewer, "alert tried", audience)
    return stores.desk.alerts.put(known[audience], words.of_test(known[audience], viewer.name), {})


def _told_of(stores: Stores, viewer: Viewer, audience: Audience) -> Things:
    """The owners and flows of whose cases alone an audience is told, by their domains; else it is told of every one."""
    teams = systems.teams(stores, viewer)
    owners = {owner: domain(owner, teams) for owner in audience.owners}
    return owners or of_flows(stores, audience.flows) or {f"audience {audience.name}": None}
