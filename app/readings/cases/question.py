"""Which cases and causes a list shows. Imports nothing heavy: commands are made from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


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


@dataclass(frozen=True, slots=True)
class CaseQuestion:
    """List cases, most money first."""

    status: Status = field(default=Status.unresolved, metadata={"help": "`unresolved` is all but the resolved"})
    cause: tuple[str, ...] = field(default=(), metadata={"help": "code of a cause, e.g. project-missing"})
    owner: tuple[str, ...] = field(default=(), metadata={"help": "team, or system, that must mend it"})
    project: tuple[str, ...] = field(default=(), metadata={"help": "project code"})
    limit: int = field(default=100, metadata={"help": "most cases", "min": 1, "max": 10_000})

    @property
    def none(self) -> str:
        """What it means that there is none."""
        if self.cause or self.owner or self.project:
            return "no case matches these filters"
        nothing = self.status is Status.unresolved
        return "no cases: nothing is stuck" if nothing else f"no case is {self.status}"
