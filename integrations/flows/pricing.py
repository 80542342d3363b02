"""What an hour is worth: the bill rate of the entry or of the sold role, the cost rate that HR decided. Exact money
only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contracts import Context, Role
from models.domain.errors import Rejected, Unmappable


def priced(entry: Mapping[str, Any], ctx: Context) -> dict[str, Any]:
    """`bill_rate` and `cost_rate` of a time entry, each as JSON money or None where none is needed.

    Raises Unmappable `missing-currency` for an amount without currency, Rejected `rate-missing` for a rate nobody
    gives.
    """
    person = ctx.known("resource", entry["resource_id"]) or {}
    return {"bill_rate": _bill_rate(entry, person, ctx), "cost_rate": _cost_rate(entry, person, ctx)}


def checked_amount(entry: Mapping[str, Any]) -> None:
    """Raise Unmappable when an expense's amount has no currency."""
    _with_currency(entry["amount"], "amount")


def _bill_rate(entry: Mapping[str, Any], person: Mapping[str, Any], ctx: Context) -> Any:
    if entry.get("bill_rate"):
        return _with_currency(entry["bill_rate"], "bill_rate")
    if not entry.get("billable", True):
        return None
    project = ctx.known("project", entry["project_id"]) or {}
    sold = (project.get("rates") or {}).get(person.get("role"))
    if sold is None:
        raise Rejected(
            f"billable work of {entry['resource_id']} on {entry['project_id']} has no bill rate: neither the entry nor "
            f"the sold role {person.get('role')!r} gives one; set it in the PSA or on the sale",
            code="rate-missing",
            field="bill_rate",
        )
    return sold


def _cost_rate(entry: Mapping[str, Any], person: Mapping[str, Any], ctx: Context) -> Any:
    rate = person.get("cost_rate") or entry.get("cost_rate")
    if rate:
        return _with_currency(rate, "cost_rate")
    try:
        hcm = ctx.system_of(Role.HCM)
    except KeyError:
        return None
    raise Rejected(
        f"{entry['resource_id']} has no cost rate: set it in {hcm}",
        code="rate-missing",
        field="cost_rate",
    )


def _with_currency(amount: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    if not amount.get("currency"):
        raise Unmappable(
            f"{path} has an amount without a currency: give it at the source",
            f"{path}.currency",
            code="missing-currency",
        )
    return amount
