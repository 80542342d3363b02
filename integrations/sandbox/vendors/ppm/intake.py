"""What the portfolio takes of actuals and progress from outside, in the words of Oracle Primavera Cloud's externally
sourced project actuals: each under the sender's own `sourceId`, for a project, a period and a currency that it knows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from integrations.sandbox.world.ledger import Table

CURRENCIES = frozenset({"EUR", "GBP", "USD"})
ACTUAL = {
    "sourceId",
    "projectCode",
    "legalEntity",
    "periodName",
    "periodStart",
    "periodEnd",
    "effectiveDate",
    "currencyCode",
    "cost",
    "revenue",
    "billed",
    "totalHours",
    "status",
    "revision",
    "reason",
}
PROGRESS = {"sourceId", "projectCode", "periodStart", "percentComplete", "asOf", "milestones"}
NUMBERS = ("cost", "revenue", "billed", "totalHours")
Tables = Mapping[str, Table]


class Refused(Exception):
    """What the vendor answers instead of taking it: its own code, and the field it dislikes."""

    def __init__(self, message: str, field: str, code: str) -> None:
        super().__init__(message)
        self.field, self.code = field, code


def actual(tables: Tables, code: str, fields: Any) -> None:
    """Raise Refused for a statement that this portfolio does not take."""
    sound = _sound(tables, code, fields, ACTUAL)
    if sound.get("currencyCode") not in CURRENCIES:
        raise Refused(f"currency {sound.get('currencyCode')} is not set up", "currencyCode", "CURRENCY_UNKNOWN")
    for name in NUMBERS:
        if not isinstance(sound.get(name), int | float):
            raise Refused(f"{name} is no number", name, "INVALID_FIELD")
    if sound.get("status") not in ("PENDING", "APPROVED", "SUPERSEDED"):
        raise Refused(f"status {sound.get('status')} is none", "status", "INVALID_FIELD")


def progress(tables: Tables, code: str, fields: Any) -> None:
    """Raise Refused for a progress that this portfolio does not take."""
    _sound(tables, code, fields, PROGRESS)


INTAKE: Mapping[str, Callable[[Tables, str, Any], None]] = {"actuals": actual, "progress": progress}


def _sound(tables: Tables, code: str, fields: Any, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(fields, dict) or fields.get("sourceId") != code:
        raise Refused("sourceId is not that of the address", "sourceId", "INVALID_FIELD")
    if unknown := sorted(set(fields) - known):
        raise Refused(f"unknown field {unknown[0]}", unknown[0], "INVALID_FIELD")
    if fields.get("projectCode") not in tables["projects"].rows:
        raise Refused(f"there is no project {fields.get('projectCode')}", "projectCode", "PROJECT_UNKNOWN")
    first = str(fields.get("periodStart"))
    period = tables["periods"].get(first)
    if period is None and tables["periods"].rows:
        raise Refused(f"no period begins on {first}", "periodStart", "PERIOD_UNKNOWN")
    if period is not None and period["closed"]:
        raise Refused(f"the period of {first} is closed for actuals", "periodStart", "PERIOD_CLOSED")
    return fields
