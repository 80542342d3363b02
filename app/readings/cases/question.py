"""Which cases and causes a list shows. Imports nothing heavy: commands are made from it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class Status(StrEnum):
    """A state of a case, or `unresolved` for all but the resolved."""

    unresolved = "unresolved"
    open = "open"
    acknowledged = "acknowledged"
    snoozed = "snoozed"
    ignored = "ignored"
    resolved = "resolved"

    @property
    def states(self) -> tuple[str, ...]:
        every = tuple(one.value for one in Status if one is not Status.unresolved)
        return tuple(one for one in every if one != "resolved") if self is Status.unresolved else (self.value,)


@dataclass(frozen=True, slots=True)
class CausesQuestion:
    """List what is open by its causes, most money first."""

    cause: tuple[str, ...] = field(default=(), metadata={"help": "code of a cause, e.g. project-missing"})

    @property
    def none(self) -> str:
        """What it means that there is none."""
        return "no open case has this cause" if self.cause else "no cases: nothing is stuck"


class Order(StrEnum):
    """What a list of cases begins with."""

    money = "money"
    severity = "severity"
    age = "age"
    newest = "newest"
    due = "due"
    occurrences = "occurrences"


def month(text: str) -> str:
    """A month as cases name it. Raises ValueError for another text."""
    if not _MONTH.fullmatch(text):
        raise ValueError(f"{text!r} is no month: give one as 2026-10")
    return text


def amount(text: str) -> Decimal:
    """An amount of money. Raises ValueError for another text."""
    try:
        found = Decimal(text.replace(",", "").replace("_", ""))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ValueError(f"{text!r} is no amount: give one as 10000 or 9999.50")
    return found


@dataclass(frozen=True, slots=True)
class CaseQuestion:
    """List cases, most money first, a page at a time. Filters hold together; of one that is repeated any value does."""

    status: Status = field(default=Status.unresolved, metadata={"help": "`unresolved` is all but the resolved"})
    cause: tuple[str, ...] = field(default=(), metadata={"help": "code of a cause, e.g. project-missing"})
    owner: tuple[str, ...] = field(default=(), metadata={"help": "team, or system, that must mend it"})
    assignee: tuple[str, ...] = field(default=(), metadata={"help": "person who works on it"})
    mine: bool = field(default=False, metadata={"help": "those that you work on"})
    legal_entity: tuple[str, ...] = field(default=(), metadata={"help": "company of the firm"})
    period: tuple[str, ...] = field(
        default=(), metadata={"help": "month of one of its records, e.g. 2026-10", "parser": month}
    )
    project: tuple[str, ...] = field(default=(), metadata={"help": "project code"})
    system: tuple[str, ...] = field(default=(), metadata={"help": "name of a system"})
    flow: tuple[str, ...] = field(default=(), metadata={"help": "name of a flow"})
    severity: tuple[str, ...] = field(default=(), metadata={"help": "low, medium, high or critical"})
    money_kind: tuple[str, ...] = field(
        default=(), metadata={"help": "billing_blocked, sold_not_set_up, revenue_at_risk, cost_misposted or none"}
    )
    at_least: Decimal | None = field(
        default=None, metadata={"help": "least money, in the reporting currency", "parser": amount}
    )
    find: str = field(default="", metadata={"help": "words of its title, a key, or the id of a run"})
    overdue: bool = field(default=False, metadata={"help": "those that are over their time"})
    order: Order = field(default=Order.money, metadata={"help": "what comes first"})
    limit: int = field(default=100, metadata={"help": "most cases", "min": 1, "max": 10_000})
    page: int = field(default=1, metadata={"help": "which page of so many", "min": 1})

    @property
    def narrow(self) -> bool:
        """Whether more is asked than a status."""
        default = CaseQuestion(status=self.status, order=self.order, limit=self.limit, page=self.page)
        return self != default

    @property
    def none(self) -> str:
        """What it means that there is none."""
        if self.narrow:
            return "no case matches these filters"
        nothing = self.status is Status.unresolved
        return "no cases: nothing is stuck" if nothing else f"no case is {self.status}"
