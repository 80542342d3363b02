"""Of which parts of the business a thing's journey tells, and who may see it clear (G1, G2)."""

from __future__ import annotations

from app.readings.clear import none_clear
from app.readings.domains import of_flows
from app.readings.journey.reading import steps
from app.readings.journey.search import Candidate
from app.readings.stores import Stores
from app.readings.viewer import Things, Viewer


def why_not_clear(stores: Stores, viewer: Viewer, one: Candidate) -> str | None:
    """Why this viewer may see clear values of nothing that is known of it; None where they may of some."""
    return none_clear(viewer, of_journey(stores, viewer, one))


def of_journey(stores: Stores, viewer: Viewer, one: Candidate) -> Things:
    """The flows of its records by their domains; what else is known of it, holdings and spans, names no flow."""
    flows = sorted({step.flow for step in steps(stores, viewer, one) if step.flow}) if viewer.bounded else ()
    return of_flows(stores, flows) or {one.key: None}
