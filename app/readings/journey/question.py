"""Whose journey is asked for. Imports nothing heavy: a command is made from it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TraceQuestion:
    """Show everything that happened to one business object, in order, each with the sealed batch that holds it."""

    key: str = field(
        metadata={"help": "business key, code or name; run, correlation or trace id, or its first 8 digits"}
    )
    clear: bool = field(
        default=False,
        metadata={"help": "show rates, pay and contract values; needs --reason, kept in the audit lake with your name"},
    )
    reason: str = field(default="", metadata={"help": "why clear values are shown; kept in the audit lake"})

    @property
    def none(self) -> str:
        """What it means that nothing is found."""
        return (
            f"nothing is known of {self.key!r}: give a project code, customer, time entry, trace id, "
            "or 8 or more digits of a run or correlation id"
        )
