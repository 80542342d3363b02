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


class Question(StrEnum):
    """The pages, each named for the question it answers."""

    OPERATIONS = "operations"
    EXCEPTIONS = "exceptions"
    JOURNEY = "journey"
    BILLING = "billing"
    MARGIN = "margin"


class Action(StrEnum):
    """What a person may do beyond reading."""

    TRIAGE = "triage"  # acknowledge, assign, comment, snooze
    IGNORE = "ignore"  # accept an exception for good, with a reason
    PREVIEW = "preview"  # see what a replay would do; writes nothing
    REPLAY = "replay"  # replay, as it was or corrected
    REVEAL = "reveal"  # see clear values of the data classes one is cleared for; audited
    EXPORT = "export"  # take a table away as a file


@dataclass(frozen=True, slots=True)
class Role:
    """Pages, actions and data classes of one role. `public` and `internal` fields are clear to everybody."""

    pages: frozenset[Question]
    actions: frozenset[Action] = frozenset()
    clear: frozenset[DataClass] = frozenset()


Q, A, D = Question, Action, DataClass
ROLES: dict[str, Role] = {
    "operations": Role(
        frozenset({Q.OPERATIONS, Q.EXCEPTIONS, Q.JOURNEY}),
        frozenset({A.TRIAGE, A.IGNORE, A.PREVIEW, A.REPLAY, A.EXPORT}),
    ),
    "finance": Role(
        frozenset({Q.BILLING, Q.MARGIN, Q.EXCEPTIONS, Q.JOURNEY}),
        frozenset({A.TRIAGE, A.PREVIEW, A.REVEAL, A.EXPORT}),
        frozenset({D.CONTRACT_VALUE, D.LABOUR_RATE}),
    ),
    "executive": Role(
        frozenset({Q.MARGIN, Q.BILLING, Q.OPERATIONS}),
        frozenset({A.EXPORT}),
        frozenset({D.CONTRACT_VALUE, D.LABOUR_RATE}),
    ),
    "auditor": Role(frozenset(Q), frozenset({A.EXPORT})),
    "administrator": Role(frozenset(Q), frozenset(A) - {A.REVEAL}),
}
"""An administrator runs the software and sees no rates; an auditor reads every page, with rates and contract values
masked, and changes nothing.
"""

_AMOUNTS = {"time": D.LABOUR_RATE, "time_entry": D.LABOUR_RATE, "resource": D.LABOUR_RATE, "expense": D.INTERNAL}


def amount_class(entity: str | None) -> DataClass:
    """The class of the amount of one thing of this entity; what is not known counts as a contract value."""
    return _AMOUNTS.get(entity or "", D.CONTRACT_VALUE)


def known_roles(names: Iterable[str], prefix: str = "") -> frozenset[str]:
    """Those of the names, their prefix taken off, that are roles of the console."""
    return frozenset(name.removeprefix(prefix) for name in names if name.startswith(prefix)) & frozenset(ROLES)
