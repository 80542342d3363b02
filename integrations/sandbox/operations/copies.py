"""What people do in the PSA with invoices, which are the ERP's to send: the PSA only shows copies of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.operations.invoices import Invoices
from integrations.sandbox.vendors.kantata.emulator import Kantata
from integrations.sandbox.world.ledger import Row

NOTHING = Decimal(0)
SENT, CANCELLED = "new", "cancelled"
Copy = tuple[Row, str | None]
"""A row of the PSA with our id of the ERP's invoice that it stands for; none of one that was typed in."""


class Copies:
    """Operations on Kantata's invoices; each answers whether it could be done now."""

    def __init__(self, psa: Kantata, accounts: Accounts) -> None:
        self._psa, self._accounts, self._invoices = psa, accounts, Invoices(accounts)

    def cancel_copy(self, at: datetime, code: str) -> bool:
        """Cancel in the PSA what the ERP asked the customer for, since the work on it should be billed otherwise."""
        copy = next((row for row, ours in self._of(code) if ours and row["status"] == SENT), None)
        if copy is not None:
            self._psa.invoices.cancel(copy["id"])
        return copy is not None

    def send_again(self, at: datetime, code: str) -> bool:
        """Save the ERP's open invoices of a project, unchanged, so that it tells of them again."""
        sent = self._invoices.of(code, "open")
        for invoice in sent:
            self._accounts.put("invoice", at, invoice["id"])
        return bool(sent)

    def type_invoice(self, at: datetime, code: str, amount: str) -> bool:
        """Send an invoice from the PSA that the ERP knows nothing of."""
        workspace = self._psa.workspace(code)
        if workspace is not None and self._typed(code) is None:
            line = {"notes": "a workshop that was agreed by telephone", "amount": amount, "workspace_id": workspace}
            fields = {"workspace_id": workspace, "payment_schedule": 30, "additional_items": [line]}
            self._psa.invoices.make({**fields, "invoice_date": at.date().isoformat()})
        return workspace is not None

    def cancel_typed(self, at: datetime, code: str) -> bool:
        """Cancel in the PSA what nobody sent from the ERP."""
        typed = self._typed(code)
        if typed is not None:
            self._psa.invoices.cancel(typed["id"])
        return typed is not None

    def unshown(self, code: str) -> Iterator[tuple[str, Decimal]]:
        """What the ERP's open invoices of a project ask for whose copies were cancelled, by currency."""
        copies = self._of(code)
        standing = {ours for row, ours in copies if row["status"] != CANCELLED}
        for invoice in self._invoices.of(code, "open"):
            if ours_of(invoice) in {ours for _, ours in copies} - standing:
                yield str(invoice["currency"]), Decimal(invoice["total"])

    def typed(self, code: str) -> Iterator[tuple[str, Decimal]]:
        """What an invoice asks for that was typed into the PSA, by currency."""
        row = self._typed(code)
        if row is not None:
            yield row["currency"], _amount(row)

    def differences(self) -> Iterator[tuple[str, str, str, str, str | None]]:
        """Where the PSA shows an invoice otherwise than the ERP has it: the project, which invoice, what is wanted,
        what is held, and when the ERP's, or what settles it, was changed. Of a project that is not in both systems
        nobody expects any, and where no flow has shown one, of none.
        """
        jobs, by_workspace = self._accounts.records.tables["job"].rows, self._copies()
        if not any(ours for copies in by_workspace.values() for _, ours in copies):
            return
        (paid, paid_at), (credited, credited_at) = self._applied("customerpayment"), self._applied("creditmemo")
        for code in {str(job["externalId"]) for job in jobs.values()}:
            workspace = self._psa.workspace(code)
            if workspace is None:
                continue
            copies = by_workspace.get(workspace, [])
            held = {ours: _told(row) for row, ours in copies if ours and row["status"] != CANCELLED}
            for invoice in self._invoices.of(code, "open", "paid"):
                wanted = _wanted(invoice, paid.get(invoice["id"], NOTHING), credited.get(invoice["id"], NOTHING))
                shown = held.get(ours_of(invoice), "nothing")
                if shown != wanted:
                    moments = (paid_at.get(invoice["id"], ""), credited_at.get(invoice["id"], ""))
                    yield code, str(invoice["tranId"]), wanted, shown, max(invoice["lastModifiedDate"], *moments)
            for row, ours in copies:
                if ours is None and row["status"] != CANCELLED:
                    yield code, str(row["title"]), "nothing", _told(row), None

    def _applied(self, kind: str) -> tuple[dict[str, Decimal], dict[str, str]]:
        """What payments, or credit memos, that stand settle of each invoice, a memo all of what it was made from; and
        when the newest of either was changed.
        """
        sums, newest = dict[str, Decimal](), dict[str, str]()
        for row in self._accounts.records.tables[kind]:
            made = [{"doc": row["createdFrom"], "amount": row["total"]}] if row.get("createdFrom") else []
            for one in (row.get("apply") or {}).get("items") or made:
                invoice, amount = one["doc"]["id"], Decimal(one["amount"]) if row["status"] != "void" else NOTHING
                sums[invoice] = sums.get(invoice, NOTHING) + amount
                newest[invoice] = max(newest.get(invoice, ""), row["lastModifiedDate"])
        return sums, newest

    def _of(self, code: str) -> list[Copy]:
        """The PSA's invoices of a project, the newest first."""
        return self._copies().get(self._psa.workspace(code) or "", [])

    def _copies(self) -> dict[str, list[Copy]]:
        """The PSA's invoices by their workspace, the newest first."""
        references, found = self._psa.tables["external_references"], dict[str, list[Copy]]()
        ours = {row["subject_id"]: row["service_model_ref"] for row in references if row["subject_type"] == "Invoice"}
        for row in reversed(list(self._psa.tables["invoices"])):
            for workspace in row["workspace_ids"]:
                found.setdefault(workspace, []).append((row, ours.get(row["id"])))
        return found

    def _typed(self, code: str) -> Row | None:
        return next((row for row, ours in self._of(code) if ours is None and row["status"] == SENT), None)


def ours_of(invoice: Row) -> str:
    """Our id of an invoice of the ERP."""
    return f"IN-netsuite-{invoice['id']}"


def _wanted(invoice: Row, paid: Decimal, credited: Decimal) -> str:
    """What the PSA is to show of an invoice; one of which nothing was applied is paid where its status says so."""
    total = Decimal(invoice["total"])
    if credited >= total > 0:
        return "nothing"
    settled = paid + credited >= total or (invoice["status"] == "paid" and not paid and not credited)
    return f"{'paid' if settled else 'open'}, {total:.2f}"


def _told(row: Row) -> str:
    return f"{'open' if row['status'] == SENT else 'paid'}, {_amount(row):.2f}"


def _amount(row: Row) -> Decimal:
    return Decimal(row["balance_in_cents"]) / 100
