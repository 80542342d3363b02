"""What the PSA must show of each invoice, told from the raw records alone; nothing of the product is imported here.

An invoice of the ERP is settled by payments and memos that were applied to it. The PSA's copy bears a reference that
names it, `IN-netsuite-<its id>`; whoever bears none was typed in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.acceptance.moving_world.oracle import NOTHING, Raw, text_of

SETTLED = {"new": "open", "accepted payment": "paid"}


@dataclass(frozen=True)
class Copy:
    """One invoice on both sides, as state, amount and currency; None where nothing is to be shown, or nothing is."""

    key: str
    project: str | None
    wanted: tuple[str, Decimal, str] | None
    held: tuple[str, Decimal, str] | None
    sent: bool
    """The ERP has it."""
    more: int = 0
    """So many stand beside the one that is held."""

    @property
    def agrees(self) -> bool:
        return self.wanted == self.held and not self.more


def copies(tables: Mapping[str, Iterable[Raw]], jobs: Mapping[str, Raw]) -> list[Copy]:
    """Every invoice that one side has, those that bill nothing on either side left out; none while the PSA shows none
    of the ERP's: that a firm shows its invoices there is known by that alone.
    """
    named = {str(row["subject_id"]): str(row["service_model_ref"]) for row in _of_invoices(tables)}
    if not named:
        return []
    shown: dict[str, list[Raw]] = {}
    for row in tables["invoices"]:
        if row["status"] != "cancelled":
            shown.setdefault(named.get(str(row["id"]), str(row["id"])), []).append(row)
    applied = {kind: _applied(tables[kind]) for kind in ("customerpayment", "creditmemo")}
    found = []
    for row in tables["invoice"]:
        key = f"IN-netsuite-{row['id']}"
        held = shown.pop(key, [])
        project = jobs.get(str((row.get("entity") or {}).get("id")), {}).get("externalId")
        if str(row["status"]).lower() != "draft" and (project or held):
            code = str(project) if project else None
            paid, credited = (applied[kind].get(str(row["id"]), NOTHING) for kind in ("customerpayment", "creditmemo"))
            found.append(Copy(key, code, _wanted(row, paid, credited), _held(held), True, max(0, len(held) - 1)))
    found += [Copy(key, None, None, _held(rows), False, len(rows) - 1) for key, rows in shown.items()]
    return found


def _of_invoices(tables: Mapping[str, Iterable[Raw]]) -> Iterator[Raw]:
    return (row for row in tables["external_references"] if row["subject_type"] == "Invoice")


def _applied(rows: Iterable[Raw]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in rows:
        whole = [{"doc": row["createdFrom"], "amount": row["total"]}] if row.get("createdFrom") else []
        if str(row["status"]).lower() not in ("void", "voided"):
            for one in (row.get("apply") or {}).get("items") or whole:
                key = str(one["doc"]["id"])
                found[key] = found.get(key, NOTHING) + Decimal(str(one["amount"]))
    return found


def _wanted(row: Raw, paid: Decimal, credited: Decimal) -> tuple[str, Decimal, str] | None:
    total, status = Decimal(str(row["total"])), str(row["status"]).lower()
    if status in ("void", "voided") or credited >= total > 0:
        return None
    settled = paid + credited >= total or (status.startswith("paid") and not paid and not credited)
    return "paid" if settled else "open", total, str(text_of(row.get("currency")))


def _held(rows: list[Raw]) -> tuple[str, Decimal, str] | None:
    if not rows:
        return None
    row = max(rows, key=lambda one: int(one["id"]))
    return SETTLED[row["status"]], Decimal(row["balance_in_cents"]) / 100, str(row["currency"])
