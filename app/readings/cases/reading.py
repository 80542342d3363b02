"""Cases as a viewer may see them: those of their legal entities, amounts of single records masked by role (X8, G1, G2).

A case of no legal entity is not there for a viewer who is limited to some: neither in a list nor by its id.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from app.readings.cases.domains import of_case
from app.readings.cases.question import CaseQuestion
from app.readings.cases.rows import Case, CaseEvent, CaseFinding, CaseLine, CasePeriod, Cases
from app.readings.clear import NOTHING
from app.readings.masking import masked_rows
from app.readings.page import Page
from app.readings.payload import masked_body
from app.readings.scope import may_see, within
from app.readings.stores import Stores
from app.readings.systems import reading as systems
from app.readings.viewer import Viewer
from models.domain.team import Teams, owners_of_teams, team
from models.journal.cases import CaseFilter, CaseGroup

_CASE, _FINDING = ({field.name for field in fields(row)} for row in (Case, CaseFinding))


def page(
    stores: Stores, viewer: Viewer, where: CaseFilter = CaseFilter(), order: str = "money", part: Page = Page(50)
) -> Cases:
    """A page of cases in a stable order.

    Raises KeyError for an unknown order.
    """
    found = stores.journal.cases.page(within(viewer, where), order, part.size, part.offset)
    return Cases(tuple(_case(row) for row in found.rows), found.total)


def listed(stores: Stores, viewer: Viewer, asked: CaseQuestion) -> tuple[CaseLine, ...]:
    """A page of cases as a list, in the order asked for."""
    teams = systems.teams(stores, viewer)
    found = page(stores, viewer, _asked(stores, viewer, asked), asked.order.value, Page(asked.limit, asked.page)).rows
    return tuple(_line(case, teams) for case in found)


def counted(stores: Stores, viewer: Viewer, asked: CaseQuestion) -> int:
    """How long that list is within this viewer's scope."""
    return page(stores, viewer, _asked(stores, viewer, asked), part=Page(0)).count


def _asked(stores: Stores, viewer: Viewer, asked: CaseQuestion) -> CaseFilter:
    known = facets(stores, viewer, "owner", asked.status.states) if asked.owner else ()
    return CaseFilter(
        status=asked.status.states,
        severities=asked.severity,
        flows=asked.flow,
        causes=asked.cause,
        systems=asked.system,
        owners=owners_of_teams(asked.owner, known, systems.teams(stores, viewer)) if asked.owner else (),
        assignees=(*asked.assignee, *((viewer.person,) if asked.mine else ())),
        legal_entities=asked.legal_entity,
        projects=asked.project,
        periods=asked.period,
        money_kinds=asked.money_kind,
        at_least=asked.at_least,
        text=asked.find or None,
        overdue=asked.overdue,
    )


def groups(stores: Stores, viewer: Viewer, where: CaseFilter = CaseFilter()) -> tuple[CaseGroup, ...]:
    """Open cases by cause and kind of money, the most money first."""
    return tuple(stores.journal.cases.groups(within(viewer, where)))


def by_kind(groups: Sequence[CaseGroup]) -> dict[str, Decimal]:
    """The money of these causes, each kind for itself."""
    money: dict[str, Decimal] = defaultdict(Decimal)
    for group in groups:
        money[group.money_kind] += group.amount_reporting
    return dict(money)


def facets(stores: Stores, viewer: Viewer, column: str, status: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """Values of a column that cases are filtered by, the most frequent first."""
    counted = stores.journal.cases.facets(column, within(viewer, CaseFilter(status=status)))
    return tuple(value for value, _ in counted)


def case(stores: Stores, viewer: Viewer, case_id: str) -> Case | None:
    """One case; None where there is none, or none of the viewer's legal entities."""
    row = stores.journal.cases.get(case_id)
    return _case(row) if row is not None and may_see(viewer, row["legal_entity"]) else None


def findings(stores: Stores, viewer: Viewer, case: Case, part: Page = Page()) -> tuple[CaseFinding, ...]:
    """Records of a case that are still found, the oldest first; of a resolved case those that were."""
    if not may_see(viewer, case.legal_entity):
        return ()
    rows = stores.journal.cases.findings(case.case_id, part.size, part.offset, case.status == "resolved")
    clear = viewer.clear_in(of_case(stores, viewer, case)) if viewer.bounded else viewer.clear
    return masked_rows(CaseFinding, [_finding(row) for row in rows], clear)


def count_findings(stores: Stores, viewer: Viewer, case: Case) -> int:
    """How many records `findings` pages through."""
    seen = may_see(viewer, case.legal_entity)
    return stores.journal.cases.count_findings(case.case_id, case.status == "resolved") if seen else 0


def periods(stores: Stores, viewer: Viewer, case: Case) -> tuple[CasePeriod, ...]:
    """What each month has in a case, the earliest first."""
    if not may_see(viewer, case.legal_entity):
        return ()
    return tuple(CasePeriod(**row) for row in stores.journal.cases.periods(case.case_id))


def events(stores: Stores, viewer: Viewer, case: Case, limit: int = 60) -> tuple[CaseEvent, ...]:
    """What happened to a case, the newest first."""
    if not may_see(viewer, case.legal_entity):
        return ()
    return tuple(
        CaseEvent(row["at"], row["actor"], row["action"], row["body"] or {})
        for row in stores.journal.cases.events(case.case_id, limit)
    )


def _line(case: Case, teams: Teams) -> CaseLine:
    shown = {field.name: getattr(case, field.name) for field in fields(CaseLine) if field.name != "team"}
    return CaseLine(**shown, team=team(case.owner, teams))


def _case(row: Mapping[str, Any]) -> Case:
    whole = {**row, "suggestion": row["suggestion"] or {}, "trace_ids": tuple(row["trace_ids"] or ())}
    return Case(**{name: value for name, value in whole.items() if name in _CASE})


def _finding(row: Mapping[str, Any]) -> dict[str, Any]:
    found = row["evidence"]
    evidence = json.loads(found) if isinstance(found, str) else found or {}
    return {**{name: row[name] for name in _FINDING}, "evidence": masked_body(evidence, NOTHING)}
