"""Whose part of the business a case is: its owner's, through the team that acts for that owner (G1)."""

from __future__ import annotations

from collections.abc import Iterable

from app.readings.cases.rows import Case
from app.readings.stores import Stores
from app.readings.systems import reading as systems
from app.readings.viewer import Things, Viewer
from models.domain.team import domain


def of_case(stores: Stores, viewer: Viewer, case: Case) -> str | None:
    """The domain of a case; None where nobody is known to answer for it."""
    return domain(case.owner, systems.teams(stores, viewer))


def of_cases(stores: Stores, viewer: Viewer, found: Iterable[Case]) -> Things:
    """Cases by their ids, as whoever acts on them must name them."""
    teams = systems.teams(stores, viewer)
    return {f"case {case.case_id}": domain(case.owner, teams) for case in found}
