"""NetSuite's error bodies as our errors, with stable codes that group like refusals; pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from models.canonical.classification import MASK
from models.domain.errors import RateLimited, Rejected, Retriable, TieoutError

FIELD = re.compile(r"following field: ([\w.\[\]]+)")
BUSY = frozenset(
    {"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "WS_REQUEST_BLOCKED", "WS_CONCUR_SESSION_DISALLWD"}
)
NOT_FOUND: Mapping[tuple[str, str], str] = {
    ("timeBill", "customer"): "project-not-found",
    ("timeBill", "caseTaskEvent"): "charge-code-not-found",
    ("timeBill", "employee"): "resource-not-found",
    ("expenseReport", "customer"): "project-not-found",
    ("expenseReport", "caseTaskEvent"): "charge-code-not-found",
    ("expenseReport", "employee"): "resource-not-found",
    ("expenseReport", "entity"): "resource-not-found",
    ("job", "parent"): "customer-not-found",
    ("job", "customer"): "customer-not-found",
    ("customer", "parent"): "customer-not-found",
    ("projectTask", "project"): "project-not-found",
    ("salesOrder", "entity"): "project-not-found",
}
"""(record type, field) -> what an invalid reference in that field means."""
VALUE = re.compile(r"(?<=Field Value ).*(?= for the following field)", re.DOTALL)
GUARDED = frozenset(
    {
        "rate",
        "custcol_cost_rate",
        "custentity_cost_rate",
        "custbody_cap",
        "amount",
        "total",
        "firstName",
        "lastName",
        "email",
        "memo",
    }
)
"""Fields whose value the vendor's sentence repeats and not everybody may read (G2)."""


def refusal(body: Any, status: int, kind: str, system: str, now: datetime, clean: Callable[[str], str]) -> TieoutError:
    """The error of one refused record or call. `body` is the vendor's error object."""
    details = body.get("o:errorDetails") if isinstance(body, Mapping) else None
    first: Mapping[str, Any] = (
        details[0] if isinstance(details, list) and details and isinstance(details[0], Mapping) else {}
    )
    first = _discreet(first)
    code, detail = str(first.get("o:errorCode", "")), str(first.get("detail", "no reason given"))
    said = clean(f"{system} refused a {kind} ({status} {code}): {detail}")
    if code in BUSY or status == 429:
        return RateLimited(said, now + timedelta(seconds=1))
    if code in ("RCRD_HAS_BEEN_CHANGED", "UNEXPECTED_ERROR") or status >= 500:
        return Retriable(said)
    field = _field(first, detail)
    return Rejected(said, code=_code(code, detail, kind, field, status), field=field, answer=dict(first))


def _code(code: str, detail: str, kind: str, field: str | None, status: int) -> str:
    lowered = detail.lower()
    if "closed period" in lowered:
        return "closed-period"
    if "inactive" in lowered:
        return "charge-code-inactive"
    if code == "INSUFFICIENT_PERMISSION" or status == 403:
        return "permission"
    if code == "INVALID_CONTENT":
        return NOT_FOUND.get((kind, (field or "").rsplit(".", 1)[-1]), "invalid-content")
    return "user-error"


def _discreet(first: Mapping[str, Any]) -> Mapping[str, Any]:
    """The vendor's error without the value of a guarded field."""
    detail = str(first.get("detail", ""))
    guarded = (_field(first, detail) or "").rsplit(".", 1)[-1] in GUARDED
    return {**first, "detail": VALUE.sub(MASK, detail)} if guarded else first


def _field(first: Mapping[str, Any], detail: str) -> str | None:
    """The path the vendor names, else the field in its sentence."""
    if first.get("o:errorPath"):
        return str(first["o:errorPath"])
    found = FIELD.search(detail)
    return found[1] if found else None
