"""What is open of each cause: the one reading that every page and command takes its name, owner, count and money from.

Cases say what is open; a page that counts another thing (items that cannot be billed, runs that a system refused) says
so, and shows this beside it (X19).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal

from app.readings.cases.question import CausesQuestion
from app.readings.cases.rows import Cause, CauseLine
from app.readings.scope import within
from app.readings.stores import Stores
from app.readings.systems import reading as systems
from app.readings.viewer import Viewer
from models.domain.case import cause_of, cause_title
from models.domain.team import Teams, team
from models.journal.cases import CaseFilter, CaseGroup


def causes(stores: Stores, viewer: Viewer, firms: tuple[str, ...] = ()) -> Mapping[str, Cause]:
    """Every cause that has open cases, by its code; of these legal entities alone where some are chosen."""
    groups = stores.journal.cases.groups(within(viewer.among(firms), CaseFilter()))
    return by_code(groups, systems.teams(stores, viewer))


def by_code(groups: Sequence[CaseGroup], teams: Teams) -> Mapping[str, Cause]:
    """Causes whose money is of several kinds are one, with each kind for itself."""
    parts: dict[str, list[CaseGroup]] = defaultdict(list)
    for group in groups:
        parts[cause_of(group.cause)].append(group)
    return {code: _whole(code, each, teams) for code, each in parts.items()}


def _whole(code: str, groups: Sequence[CaseGroup], teams: Teams) -> Cause:
    money: dict[str, Decimal] = defaultdict(Decimal)
    for group in groups:
        money[group.money_kind] += group.amount_reporting
    records, cases = sum(group.occurrences for group in groups), sum(group.cases for group in groups)
    owners = tuple(dict.fromkeys(team(owner, teams) for group in groups for owner in group.owners))
    return Cause(code, cause_title(code), records, cases, dict(money), owners)


def listed(stores: Stores, viewer: Viewer, asked: CausesQuestion) -> tuple[CauseLine, ...]:
    """Causes as a list, the most money first."""
    where = within(viewer, CaseFilter(causes=asked.cause))
    teams, amounts = systems.teams(stores, viewer), stores.journal.cases.amounts(where)
    return tuple(_line(group, amounts, teams) for group in stores.journal.cases.groups(where))


def _line(group: CaseGroup, amounts: Mapping[tuple[str, str], Mapping[str, Decimal]], teams: Teams) -> CauseLine:
    return CauseLine(
        group.cause,
        group.title,
        group.occurrences,
        group.cases,
        group.money_kind,
        group.amount_reporting,
        amounts.get((group.cause, group.money_kind), {}),
        ", ".join(dict.fromkeys(team(owner, teams) for owner in group.owners)),
        group.severity,
        group.oldest,
    )
