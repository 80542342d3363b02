"""Kantata's invoices and external payments (facts: its connector's README): made of work and of additional items, paid
in whole, cancelled unless paid, never edited in their amounts. Work on an invoice that stands is marked; marking it is
no edit, so that its time of change and the feed say nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from integrations.sandbox.vendors.kantata.lists import fault
from integrations.sandbox.vendors.wire import Answer, Request, iso_offset
from integrations.sandbox.world.ledger import Row, Table
from models.domain.clock import Clock

OF_INVOICES = ("invoices", "external_payments")
WORK = {"time_entry_ids": "time_entries", "expense_ids": "expenses"}
BASE = 100


class Invoices:
    """Operations on the two tables; each answers the row as it is then, or the vendor's refusal."""

    def __init__(self, tables: Mapping[str, Table], refer: Callable[[dict[str, Any]], Row], clock: Clock) -> None:
        self._tables, self._refer, self._clock = tables, refer, clock

    def asked(self, request: Request, plural: str, rest: list[str]) -> Row | Answer:
        body = request.json if isinstance(request.json, dict) else {}
        if request.method == "POST" and not rest:
            return self.pay(body.get("external_payment") or {}) if plural != "invoices" else self.make(body["invoice"])
        if plural == "invoices" and request.method == "PUT" and rest[:1] and rest[0] in self._tables["invoices"].rows:
            return self.cancel(rest[0]) if rest[1:] == ["cancel"] else self._noted(rest[0], body.get("invoice") or {})
        return fault(404, "system", "The requested resource could not be found")

    def make(self, fields: Mapping[str, Any]) -> Row | Answer:
        """A new invoice of one project."""
        workspace = self._tables["workspaces"].get(str(fields.get("workspace_id")))
        if workspace is None:
            return fault(422, "validation", "workspace_id is invalid", "workspace_id")
        if fields.get("payment_schedule") is None:
            return fault(422, "validation", "Please give a payment schedule", "payment_schedule")
        work = {plural: [str(one) for one in fields.get(name) or ()] for name, plural in WORK.items()}
        items = fields.get("additional_items") or ()
        if not items and not any(work.values()):
            return fault(422, "validation", "An invoice needs at least one line item", "base")
        for plural, keys in work.items():
            for key in keys:
                row = self._tables[plural].get(key)
                if row is None or row["workspace_id"] != workspace["id"] or row.get("is_invoiced"):
                    return fault(422, "validation", f"line item {key} cannot be invoiced", "line_items")
        table, now = self._tables["invoices"], iso_offset(self._clock.now())
        key, day = table.new_key(), str(fields.get("invoice_date") or now[:10])
        cents = sum(_cents(self._tables[plural].rows[one]) for plural, keys in work.items() for one in keys)
        cents += sum(int((Decimal(str(one["amount"])) * BASE).to_integral_value()) for one in items)
        due = date.fromisoformat(day) + timedelta(days=int(fields["payment_schedule"]))
        made = {
            "id": key,
            "title": f"Invoice #{len(table) + 1}",
            "user_invoice_number": len(table) + 1,
            "user_invoice_title": fields.get("user_invoice_title"),
            "message": fields.get("message"),
            "draft": bool(fields.get("draft")),
            "status": "new",
            "invoice_date": day,
            "due_date": due.isoformat(),
            "payment_schedule": fields["payment_schedule"],
            "balance_in_cents": cents,
            "currency": workspace["currency"],
            "currency_base_unit": BASE,
            "workspace_ids": [workspace["id"]],
            "time_entry_ids": work["time_entries"],
            "expense_ids": work["expenses"],
            "created_at": now,
            "updated_at": now,
        }
        row = table.put(key, made)
        self._mark(row, True)
        if fields.get("external_reference"):
            self._refer({**fields["external_reference"], "subject_type": "Invoice", "subject_id": key})
        return row

    def pay(self, fields: Mapping[str, Any]) -> Row | Answer:
        """A payment of a whole invoice that waits for it."""
        invoice = self._tables["invoices"].get(str(fields.get("invoice_id")))
        if invoice is None or invoice["status"] != "new" or invoice["draft"]:
            return fault(422, "validation", "invoice_id is not payable", "invoice_id")
        table, now = self._tables["external_payments"], iso_offset(self._clock.now())
        paid = {"amount_in_cents": invoice["balance_in_cents"], "currency": invoice["currency"], "created_at": now}
        key = table.new_key()
        self._tables["invoices"].change(invoice["id"], status="accepted payment", updated_at=now)
        return table.put(key, {"id": key, **fields, **paid, "invoice_id": invoice["id"], "updated_at": now})

    def cancel(self, key: str) -> Row | Answer:
        """An active invoice is cancelled, and its work may be invoiced again."""
        invoice = self._tables["invoices"].rows[key]
        if invoice["status"] != "new":
            return fault(422, "validation", f"An invoice in status {invoice['status']} cannot be cancelled", "status")
        row = self._tables["invoices"].change(key, status="cancelled", updated_at=iso_offset(self._clock.now()))
        self._mark(row, False)
        return row

    def _noted(self, key: str, fields: Mapping[str, Any]) -> Row:
        texts = {name: fields[name] for name in ("message", "user_invoice_title", "draft") if name in fields}
        return self._tables["invoices"].change(key, **texts, updated_at=iso_offset(self._clock.now()))

    def _mark(self, invoice: Row, invoiced: bool) -> None:
        for name, plural in WORK.items():
            for key in invoice[name]:
                if key in self._tables[plural].rows:
                    named = invoice["id"] if invoiced else None
                    self._tables[plural].change(key, is_invoiced=invoiced, invoice_id=named)


def _cents(row: Row) -> int:
    if "amount_in_cents" in row:
        return int(row["amount_in_cents"])
    exact = Decimal(row["time_in_minutes"]) * Decimal(row.get("rate_in_cents") or 0) / 60
    return int(exact.to_integral_value(ROUND_HALF_UP))
