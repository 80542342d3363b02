"""Invoices of the ERP as Kantata shows them: made once, brought up to date, never made twice.

The vendor has no idempotency. What it keeps with an invoice as it is made is an external reference, and that is
looked for first; each further write (payment, cancellation, reference) is asked of what the invoice is by then:
whoever goes on after a kill does what is left to do. An invoice's amounts cannot be changed afterwards: one that asks
for something else by now is cancelled, and another takes its place under the same reference.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from integrations.connectors.kantata.client import KantataClient
from integrations.connectors.rows import Row
from integrations.connectors.targets import body_of
from integrations.contracts.connector import Change
from models.domain.errors import Rejected, Unmappable

SUBJECT, MODEL = "Invoice", "invoice"
NEW, PAID, CANCELLED = "new", "accepted payment", "cancelled"
STANDS = {"open": NEW, "partly_paid": NEW, "paid": PAID, "credited": CANCELLED, "void": CANCELLED}
"""The vendor knows three states; what the ERP says in full stands in the reference."""
LISTS = {"TE": ("time_entries", "time_entry_ids"), "EX": ("expenses", "expense_ids")}
Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """An invoice of the vendor and the reference by which it is ours."""

    row: Raw
    reference: Raw

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def amount(self) -> Decimal:
        return Decimal(str(self.row.get("balance_in_cents") or 0)) / (self.row.get("currency_base_unit") or 100)


def wanted(change: Change, service: str | None) -> dict[str, Any]:
    """What the vendor is to show: its own state and amount, and the ERP's words in the reference."""
    row = Row(body_of(change), sparse=True, textual=True)
    total, paid, credited = (row.child(name) for name in ("total", "paid", "credited"))
    status = row.text("status")
    if status not in STANDS:
        raise Unmappable(f"an invoice that is {status} is not shown in the PSA", "status")
    amounts = {name: one.decimal("amount") for name, one in (("paid", paid), ("credited", credited))}
    return {
        "user_invoice_title": row.text("number"),
        "invoice_date": row.text("issued_on"),
        "status": STANDS[status],
        "amount": total.decimal("amount"),
        "currency": total.text("currency"),
        "service_name": service or row.child("ref").text("system"),
        "service_model_ref": change.external_id,
        "external_status": status,
        "external_message": told(total.decimal("amount"), total.text("currency"), **amounts),
    }


def told(total: Decimal, currency: str, paid: Decimal, credited: Decimal) -> str:
    """The amounts of an invoice in words that `heard` reads again."""
    return f"{currency} {total:.2f} invoiced, {paid:.2f} paid, {credited:.2f} credited"


def heard(message: str | None) -> dict[str, Decimal] | None:
    """The amounts that `told` wrote; None where somebody wrote something else."""
    words = (message or "").replace(",", "").split()
    if len(words) != 7 or words[2::2] != ["invoiced", "paid", "credited"]:
        return None
    try:
        return {word: Decimal(number) for number, word in zip(words[1::2], words[2::2], strict=True)}
    except ArithmeticError:
        return None


class Invoicing:
    """Finds, makes and brings up to date what belongs to one invoice."""

    def __init__(self, client: KantataClient, service: str | None) -> None:
        self._client, self._service = client, service

    def wanted(self, change: Change) -> dict[str, Any]:
        return wanted(change, self._service)

    def current(self, change: Change) -> tuple[str, dict[str, Any]] | None:
        """The vendor's id and present fields, or None."""
        held = self._held(change)
        return (held.id, _shown(held)) if held else None

    def upsert(self, change: Change) -> tuple[str, bool]:
        """The vendor's id, and whether it is new. Repeating it changes nothing."""
        asked, held, made = wanted(change, self._service), self._held(change), False
        if held is not None and asked["status"] != CANCELLED and _other(held, asked):
            if held.row.get("status") != CANCELLED:
                self._cancel(held, change)
            held = None
        if held is None:
            held, made = Held(self._made(change, asked), asked), True
        self._settle(held, change, asked)
        shown = {"external_status": held.reference.get("external_status")}
        shown["external_message"] = held.reference.get("external_message")
        if any(asked[name] != value for name, value in shown.items()):
            self._client.refer({**_reference(asked), "subject_type": SUBJECT, "subject_id": held.id}, change.key)
        return held.id, made

    def _held(self, change: Change) -> Held | None:
        """The invoice that stands under our reference; of several that were replaced, the newest."""
        query = {"subject_type": SUBJECT, "service_model_ref": change.external_id}
        mine = {str(row["subject_id"]): row for row in self._client.all("external_references", query)}
        rows = self._client.only("invoices", mine).values() if mine else ()
        found = [Held(row, mine[str(row["id"])]) for row in rows]
        return max(found, key=lambda one: (one.row.get("status") != CANCELLED, int(one.id)), default=None)

    def _made(self, change: Change, asked: Mapping[str, Any]) -> Raw:
        workspace = self._workspace(change, asked)
        # One that bills nothing any more takes no work with it: that may be on its successor by now.
        lines = self._lines(change, workspace) if asked["status"] != CANCELLED else {}
        rest = asked["amount"] - sum((_worth(one) for rows in lines.values() for one in rows), Decimal(0))
        body: dict[str, Any] = {
            "workspace_id": workspace,
            "invoice_date": asked["invoice_date"],
            "payment_schedule": _days(change),
            "user_invoice_title": asked["user_invoice_title"],
            "draft": False,
            "suppress_emails": True,
            "external_reference": _reference(asked),
        }
        body |= {name: [str(one["id"]) for one in rows] for name, rows in lines.items() if rows}
        if rest or not any(lines.values()):
            note = f"{asked['user_invoice_title']}: what the ERP bills beside this work"
            body["additional_items"] = [{"notes": note, "amount": rest, "workspace_id": workspace}]
        return self._client.create("invoices", {"invoice": body}, change.key)[0]

    def _workspace(self, change: Change, asked: Mapping[str, Any]) -> str:
        workspace = change.refs.get("project")
        found = self._client.only("workspaces", [workspace], include_archived="true") if workspace else {}
        if not workspace or workspace not in found:
            raise Rejected(
                f"the workspace of invoice {asked['user_invoice_title']} is not in the PSA: set the project up again "
                "and replay",
                code="project-not-found",
                field="workspace_id",
            )
        currency = found[workspace].get("currency")
        if currency != asked["currency"]:
            raise Rejected(
                f"invoice {asked['user_invoice_title']} is in {asked['currency']}, its project in the PSA in "
                f"{currency}, and the PSA shows an invoice in its project's currency alone",
                code="invoice-currency",
                field="currency",
            )
        return workspace

    def _lines(self, change: Change, workspace: str) -> dict[str, list[Raw]]:
        """The work that it bills, as far as it is the vendor's, on this workspace and on no other invoice."""
        found: dict[str, list[Raw]] = {}
        bills: Iterable[str] = body_of(change).get("bills") or ()
        for prefix, (plural, name) in LISTS.items():
            ids = [one.rsplit("-", 1)[-1] for one in bills if one.startswith(f"{prefix}-")]
            rows = self._client.only(plural, [one for one in ids if one.isdecimal()]).values() if ids else ()
            found[name] = [one for one in rows if str(one.get("workspace_id")) == workspace and not _taken(one)]
        return found

    def _settle(self, held: Held, change: Change, asked: Mapping[str, Any]) -> None:
        state = held.row.get("status")
        if state == asked["status"]:
            return
        if asked["status"] == CANCELLED:
            self._cancel(held, change)
        elif state == NEW:
            payment = {
                "workspace_id": change.refs["project"],
                "invoice_id": held.id,
                "message": f"by {asked['service_name']}",
            }
            self._client.create("external_payments", {"external_payment": payment}, change.key)
        else:
            raise _paid(held, asked["external_status"])

    def _cancel(self, held: Held, change: Change) -> None:
        if held.row.get("status") == PAID:
            raise _paid(held, "cancelled")
        self._client.change(f"invoices/{held.id}/cancel", {}, change.key)


def _reference(asked: Mapping[str, Any]) -> dict[str, Any]:
    names = ("service_name", "service_model_ref", "external_status", "external_message")
    return {**{name: asked[name] for name in names}, "service_model": MODEL, "status": "successful"}


def _shown(held: Held) -> dict[str, Any]:
    row = {name: held.row.get(name) for name in ("user_invoice_title", "invoice_date", "status", "currency")}
    names = ("service_name", "service_model_ref", "external_status", "external_message")
    return {**row, "amount": held.amount, **{name: held.reference.get(name) for name in names}}


def _other(held: Held, asked: Mapping[str, Any]) -> bool:
    """Whether the vendor's invoice cannot become what is asked for: its amount is fixed, and cancelled it stays."""
    return held.row.get("status") == CANCELLED or held.amount != asked["amount"]


def _taken(row: Raw) -> bool:
    return bool(row.get("is_invoiced"))


def _worth(row: Raw) -> Decimal:
    """What the vendor bills for an entry, to its minor unit."""
    base = Decimal(row.get("currency_base_unit") or 100)
    if "time_in_minutes" not in row:
        return Decimal(row["amount_in_cents"]) / base
    cents = Decimal(row["time_in_minutes"]) * Decimal(row.get("rate_in_cents") or 0) / 60
    return cents.quantize(Decimal(1), ROUND_HALF_UP) / base


def _days(change: Change) -> int:
    body = body_of(change)
    issued, due = date.fromisoformat(body["issued_on"]), body.get("due_on")
    return max(0, (date.fromisoformat(due) - issued).days) if due else 0


def _paid(held: Held, wanted_status: str) -> Rejected:
    return Rejected(
        f"invoice {held.row.get('user_invoice_title')} is paid in the PSA and {wanted_status.replace('_', ' ')} in the "
        "ERP: the PSA takes no payment back by its interface",
        code="invoice-paid-in-psa",
        field="status",
    )
