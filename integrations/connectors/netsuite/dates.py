"""Dates and times in one format: an account shows them as each of its users likes, so none is asked for as it is.

A time comes in the account's zone and without it (option `zone`, UTC unless given); it is UTC from here on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from integrations.contracts.connector import SystemConfig
from models.domain.errors import Misconfigured

TOUCHED = "touched"
"""Column of a statement with the time of change as the vendor compares and sorts it; no row of ours has it."""
MOMENTS = ("lastmodifieddate", "createddate")
_DAY = re.compile(r"\br\.(trandate|startdate|enddate|duedate|hiredate|effectivedate|closedondate)\b")
_MOMENT = re.compile(rf"\br\.({'|'.join(MOMENTS)})\b")


def fixed(statement: str) -> str:
    """A statement that gives its dates as 2026-11-28 and its times as 2026-11-28T21:00:00, whoever asks."""
    days = _DAY.sub(r"TO_CHAR(r.\1, 'YYYY-MM-DD') AS \1", statement)
    moments = _MOMENT.sub(r"""TO_CHAR(r.\1, 'YYYY-MM-DD"T"HH24:MI:SS') AS \1""", days)
    last = "AS lastmodifieddate"
    return moments.replace(last, f"{last}, r.lastmodifieddate AS {TOUCHED}", 1)


class AccountZone:
    """The zone that an account's times are in. Raises Misconfigured for a name that no one knows."""

    def __init__(self, config: SystemConfig) -> None:
        name = str(config.options.get("zone", "UTC"))
        try:
            self._zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise Misconfigured(f"{config.name}: option zone is {name!r}: give one like Europe/Berlin") from error
        self.repeats = timedelta(0) if name == "UTC" else timedelta(hours=1)
        """How much of a day may come twice, where clocks are set back."""

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row with its times in UTC; one that says its own zone, or is none, stays as it is."""
        times = {name: self._utc(row[name]) for name in MOMENTS if name in row}
        return {name: value for name, value in row.items() if name not in ("links", TOUCHED)} | times

    def day(self, moment: datetime) -> date:
        """The account's day that a moment is in."""
        return moment.astimezone(self._zone).date()

    def literal(self, moment: datetime) -> str:
        """A moment as the vendor compares it."""
        return f"TO_TIMESTAMP('{moment.astimezone(self._zone):%Y-%m-%d %H:%M:%S}', 'YYYY-MM-DD HH24:MI:SS')"

    def _utc(self, text: Any) -> Any:
        try:
            found = datetime.fromisoformat(text)
        except (TypeError, ValueError):
            return text
        if found.tzinfo is not None:
            return text
        return f"{found.replace(tzinfo=self._zone).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
