"""The contract of a detector: a module with `DETECTOR` and `EXAMPLES`, and its SQL beside it.

The SQL asks published names only (marts, `quarantine`, `streams`, `extracts`, and per turn `open_runs`, `set_ups`,
`circuits` and `service_levels`), set-based, with `{now}` for the world's present and `{wall}` for wall time, which says
when the collector received something (`recorded_at`). The words turn each row into a finding. What a detector no longer
finds resolves by itself, so it remembers nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

from models.domain.finding import Finding
from models.domain.money import CENT
from models.sql_statements import statements

Row = Mapping[str, Any]
Ask = Callable[[str], Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Detector:
    """`words` maps each statement of the SQL file beside `file` to what makes a finding of one of its rows. One that
    tells of an `absence`, of what did not come, is run only while all that came is in the lake; else its open findings
    stay as they are.
    """

    name: str
    about: str
    requirements: tuple[str, ...]
    file: str
    words: Mapping[str, Callable[[Row], Finding]]
    absence: bool = False

    def findings(self, ask: Ask, now: datetime, wall: datetime) -> list[Finding]:
        """Everything this detector finds now; `now` is world time, the same as `wall` outside the demonstration."""
        asked = statements(Path(self.file).with_suffix(".sql"))
        found: list[Finding] = []
        for name, sql in asked.items():
            rows = [
                self.words[name](row)
                for row in ask(sql.replace("{now}", _moment(now)).replace("{wall}", _moment(wall)))
            ]
            # The first finding of a case gives its words: sorted, so that they do not flicker from turn to turn.
            found += sorted(rows, key=lambda one: (one.fingerprint, one.subject_key))
        return found


def _moment(at: datetime) -> str:
    return f"TIMESTAMPTZ '{at.astimezone(UTC).isoformat()}'"


@dataclass(frozen=True, slots=True)
class Example:
    """Rows of published tables, and the findings expected of them as (fingerprint, subject key, amount as text or
    None).
    """

    title: str
    given: Mapping[str, Sequence[Row]]
    expected: Sequence[tuple[str, str, str | None]] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)


def at_stake(amount: Decimal | None, billable: bool | None = True) -> Decimal | None:
    """What hangs on a record; nothing on a negative one, which would lower what hangs on the others of its case."""
    return amount if billable is not False and amount is not None and amount > 0 else None


def credit_of(amount: Decimal | None, billable: bool | None = True) -> dict[str, Decimal]:
    """A negative record's amount, as evidence."""
    return {"credit": amount} if billable is not False and amount is not None and amount < 0 else {}


def at_its_day(amount: Decimal | None, whole: Decimal | None, reporting: Decimal | None) -> Decimal | None:
    """A part of a `whole` in the reporting currency, at the rate at which that was converted; None where it was not."""
    if amount is None or not whole or reporting is None:
        return None
    return (amount * reporting / whole).quantize(CENT, ROUND_HALF_EVEN)


def item_finding(row: Row, text: str, cause: Any, **evidence: Any) -> Finding:
    """The finding about one row of `mart_work`: a time entry, an expense or a milestone with its money."""
    entity = "time_entry" if row["kind"] == "time" else row["kind"]
    amount = at_stake(row["bill_amount"], row["billable"])
    seen = {
        "hours": row["hours"],
        "work_date": row["work_date"],
        "resource": row["resource_key"],
        "charge_code": row["charge_code"],
        "message": row["error_message"],
        "milestone": row["milestone"],
        **credit_of(row["bill_amount"], row["billable"]),
        **evidence,
    }
    return Finding(
        text,
        cause,
        entity,
        row["item_key"],
        amount,
        row["currency"] if amount is not None else None,
        row["blocked_since"],
        row["run_id"],
        row["trace_id"],
        row["legal_entity"],
        row["project_key"],
        row["customer_key"],
        {name: str(value) for name, value in seen.items() if value is not None},
        row.get("period") or (None if row["work_date"] is None else f"{row['work_date']:%Y-%m}"),
        row["bill_reporting"] if amount is not None else None,
    )
