"""What people do with cases, by whatever road it comes: the same rights, scope, rules and audit (X9, G1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.readings.cases.domains import of_cases
from app.readings.cases.reading import case
from app.readings.cases.rows import Case
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer

AS_IT_WAS = {
    "open": "open already",
    "acknowledged": "acknowledged already",
    "ignored": "ignored: reopen it first",
    "resolved": "resolved: nothing is left to do, and it opens by itself if it is found again",
}
"""Why a case in this state was left as it was."""


@dataclass(frozen=True, slots=True)
class Triaged:
    """A case after somebody did something with it; `why_not` says why it was left as it was, None where it was not."""

    case_id: str
    title: str
    changed: bool
    status: str
    assignee: str | None
    snoozed_until: datetime | None
    why_not: str | None


def why_not(stores: Stores, viewer: Viewer, action: Action, cases: Sequence[Case]) -> str | None:
    """Why this viewer may not do this with these cases, in a sentence; None where they may."""
    return viewer.why_not(action, of_cases(stores, viewer, cases))


def acknowledge(
    stores: Stores, viewer: Viewer, case_ids: Sequence[str], reason: str | None = None
) -> tuple[Triaged, ...]:
    """This viewer is on it; a case that nobody has becomes theirs."""
    act = stores.desk.cases.acknowledge
    return _done(stores, viewer, Action.TRIAGE, case_ids, lambda: act(case_ids, viewer.actor, reason, viewer.person))


def assign(
    stores: Stores, viewer: Viewer, case_ids: Sequence[str], assignee: str | None, reason: str | None = None
) -> tuple[Triaged, ...]:
    """Make somebody the one who works on these cases; None takes them off everybody's desk."""
    act, name = stores.desk.cases.assign, (assignee or "").strip() or None
    return _done(stores, viewer, Action.TRIAGE, case_ids, lambda: act(case_ids, viewer.actor, name, reason))


def comment(stores: Stores, viewer: Viewer, case_ids: Sequence[str], text: str) -> tuple[Triaged, ...]:
    """Keep a remark in their history. Raises ValueError without words."""
    act = stores.desk.cases.comment
    return _done(stores, viewer, Action.TRIAGE, case_ids, lambda: act(case_ids, viewer.actor, text))


def snooze(
    stores: Stores, viewer: Viewer, case_ids: Sequence[str], until: datetime, reason: str
) -> tuple[Triaged, ...]:
    """Out of sight until then (UTC). Raises ValueError without a reason or for a moment that has passed."""
    act = stores.desk.cases.snooze
    return _done(stores, viewer, Action.TRIAGE, case_ids, lambda: act(case_ids, viewer.actor, until, reason))


def ignore(stores: Stores, viewer: Viewer, case_ids: Sequence[str], reason: str) -> tuple[Triaged, ...]:
    """Accept them as they are. Raises ValueError without a reason."""
    act = stores.desk.cases.ignore
    return _done(stores, viewer, Action.IGNORE, case_ids, lambda: act(case_ids, viewer.actor, reason))


def reopen(stores: Stores, viewer: Viewer, case_ids: Sequence[str], reason: str | None = None) -> tuple[Triaged, ...]:
    """Back on the list: undoes an acknowledgement, a snooze or an ignore."""
    act = stores.desk.cases.reopen
    return _done(stores, viewer, Action.TRIAGE, case_ids, lambda: act(case_ids, viewer.actor, reason))


def _done(
    stores: Stores, viewer: Viewer, action: Action, case_ids: Sequence[str], act: Callable[[], list[str]]
) -> tuple[Triaged, ...]:
    """Each case once, as it is now; nothing is done to any where one is not there for this viewer.

    Raises ValueError for that, and for roles that do not include the action in the domain of each.
    """
    if lacking := why_not(stores, viewer, action, _seen(stores, viewer, case_ids)):
        raise ValueError(lacking)
    changed = set(act())
    return tuple(_told(one, one.case_id in changed) for one in _seen(stores, viewer, case_ids))


def _seen(stores: Stores, viewer: Viewer, case_ids: Sequence[str]) -> list[Case]:
    found = {case_id: case(stores, viewer, case_id) for case_id in case_ids}
    if unknown := ", ".join(case_id for case_id, one in found.items() if one is None):
        raise ValueError(f"there is no case {unknown}: `tieout cases` lists them")
    return [one for one in found.values() if one is not None]


def _told(one: Case, changed: bool) -> Triaged:
    why_not = None if changed else AS_IT_WAS.get(one.status, one.status)
    return Triaged(one.case_id, one.title, changed, one.status, one.assignee, one.snoozed_until, why_not)
