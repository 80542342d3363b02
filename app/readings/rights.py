"""Who may see and do what: roles as data, one place for every way in (G1, G2).

Money is of two kinds. Sums over several things (the money at stake of a case or a cause, what is ready or blocked of a
customer, a project or a legal entity, revenue) are open to everybody who may open the page: operations needs them to
know what to mend first. The amount of one thing tells a rate or a price: of one person's time with its hours the rate,
of a contract, a sale, a milestone or an invoice the contract value. Those, and cost and margin, are for finance and
executives alone: on pages, in payloads and in files. `amount_class` says which class an amount is of.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models.canonical.classification import DataClass
from models.canonical.field_classes import amount_class as amount_class

EVERY_QUESTION = frozenset({"auditor", "administrator"})
"""Roles that may ask whatever is asked: they read every page, with what they are not cleared for masked."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a page answers, and the roles that may ask it. Its folder in `app/readings` says both, as QUESTION."""

    name: str
    asked_by: frozenset[str]

    def open_to(self, roles: frozenset[str]) -> bool:
        return bool(roles & (self.asked_by | EVERY_QUESTION))


class Action(StrEnum):
    """What a person may do beyond reading."""

    TRIAGE = "triage"  # acknowledge, assign, comment, snooze
    IGNORE = "ignore"  # accept an exception for good, with a reason
    PREVIEW = "preview"  # see what a replay would do; writes nothing
    REPLAY = "replay"  # replay, as it was or corrected
    APPROVE_REPLAY = "approve a replay"  # that another person asked for, above the thresholds
    WRITE_OFF = "write off"  # ask to write a record off, or to take that back
    APPROVE_WRITE_OFF = "approve a write-off"  # that another person asked for
    REVEAL = "reveal"  # see clear values of the data classes one is cleared for; audited
    EXPORT = "export"  # take a table away as a file
    KEEP_KEYS = "keep keys"  # of sealed values: back up, restore, rotate, erase; at a terminal alone


@dataclass(frozen=True, slots=True)
class Role:
    """Actions and data classes of one role; the pages it opens are where each question says who asks it. `public` and
    `internal` fields are clear to everybody.
    """

    actions: frozenset[Action] = frozenset()
    clear: frozenset[DataClass] = frozenset()


A, D = Action, DataClass
ROLES: dict[str, Role] = {
    "operations": Role(frozenset({A.TRIAGE, A.IGNORE, A.PREVIEW, A.REPLAY, A.APPROVE_REPLAY, A.EXPORT})),
    "finance": Role(
        frozenset({A.TRIAGE, A.PREVIEW, A.APPROVE_REPLAY, A.WRITE_OFF, A.APPROVE_WRITE_OFF, A.REVEAL, A.EXPORT}),
        frozenset({D.CONTRACT_VALUE, D.LABOUR_RATE}),
    ),
    "executive": Role(
        frozenset({A.APPROVE_WRITE_OFF, A.EXPORT}),
        frozenset({D.CONTRACT_VALUE, D.LABOUR_RATE}),
    ),
    "auditor": Role(frozenset({A.EXPORT})),
    "administrator": Role(frozenset(A) - {A.WRITE_OFF, A.APPROVE_WRITE_OFF, A.REVEAL}),
}
"""An administrator runs the software, sees no rates and so decides no write-off; an auditor reads every page, with
rates and contract values masked, and changes nothing.
"""


def known_roles(names: Iterable[str], prefix: str = "", domains: Iterable[str] = ()) -> frozenset[str]:
    """Those of the names, their prefix taken off, that grant a role of the console: `operations` in every domain,
    `operations.people` in one of these domains alone. What grants more takes the place of what grants less.
    """
    given = frozenset(name.removeprefix(prefix) for name in names if name.startswith(prefix))
    whole = given & frozenset(ROLES)
    return whole | (given & frozenset(f"{role}.{domain}" for role in ROLES if role not in whole for domain in domains))


def without_effect(names: Iterable[str], prefix: str = "", domains: Iterable[str] = ()) -> tuple[str, ...]:
    """What grants nothing of the names, of those that begin like a role's, each in a sentence that says why."""
    known, found = sorted(set(domains)), sorted({name for name in names if name.startswith(prefix) and name != prefix})
    return tuple(said for name in found if (said := _nothing(name, name.removeprefix(prefix), known)))


def _nothing(name: str, grant: str, domains: Iterable[str]) -> str | None:
    role, dot, domain = grant.partition(".")
    if role not in ROLES:
        return f"“{name}” grants nothing: {role!r} is no role, these are: {', '.join(ROLES)}."
    if not dot or domain in domains:
        return None
    return f"“{name}” grants nothing: {domain!r} is no domain, these are: {', '.join(domains) or 'none'}."
