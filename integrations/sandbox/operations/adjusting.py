"""What accounting does to invoices by hand: in parts, twice, to the wrong customer, credited, discounted, prepaid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.operations.billing import Billing
from integrations.sandbox.operations.books import CENT, Books
from integrations.sandbox.operations.invoices import Invoices, Line, lines_of, work_of
from integrations.sandbox.vendors.netsuite.records import fact_of
from integrations.sandbox.world.ledger import Row

TAX = {"EUR": Decimal("0.19"), "GBP": Decimal("0.20"), "USD": Decimal("0.0825")}


class Adjusting:
    """Operations on NetSuite's invoices and orders; each answers whether it could be done now."""

    def __init__(self, accounts: Accounts, billing: Billing, owed: Callable[[], Mapping[str, Decimal]]) -> None:
        self._accounts, self._records, self._billing, self._owed = accounts, accounts.records, billing, owed
        self._invoices, self._books = Invoices(accounts), Books(accounts.records)

    # Credit.

    def credit(self, at: datetime, code: str) -> bool:
        """Take the newest open invoice of a project back, all of it."""
        invoice = self._invoices.newest(code)
        if invoice is None:
            return False
        self._invoices.credit(invoice, f"CM-{code}-1", lines_of(invoice), at)
        self._accounts.put("invoice", at, invoice["id"], status="paid")
        return True

    def release(self, at: datetime, code: str) -> bool:
        """Let the next billing run take what an invoice no longer bills."""
        standing = {line.invoice["tranId"] for line in self._books.lines()}
        numbers = {row["tranId"] for row in self._invoices.of(code, "open", "paid", "void")} - standing
        for table in ("timebill", "expensereport"):
            for key, row in list(self._records.tables[table].rows.items()):
                if row.get("custcol_invoice") in numbers:
                    self._accounts.put(table, at, key, custcol_invoiced=False, custcol_invoice=None)
        return True

    def credit_part(self, at: datetime, code: str) -> bool:
        """Take a quarter of one line of the newest open invoice back."""
        invoice = self._invoices.newest(code)
        if invoice is None:
            return False
        line = max(work_of(invoice), key=lambda one: (Decimal(one["amount"]), one["custcol_posting_id"]))
        self._invoices.credit(invoice, f"CM-{code}-2", [{**line, "amount": _share(line, "0.25")}], at)
        return True

    def allow(self, at: datetime, code: str, amount: str) -> bool:
        """An allowance on the newest open invoice, for no piece of work in particular."""
        invoice = self._invoices.newest(code)
        if invoice is not None:
            self._invoices.credit(invoice, f"CM-{code}-3", [{"description": "Goodwill", "amount": amount}], at)
        return invoice is not None

    # Lines that bill no work.

    def discount(self, at: datetime, code: str) -> bool:
        """Give the newest open invoice a discount of 2 %, a rounding and its tax."""
        invoice = self._invoices.newest(code)
        if invoice is None:
            return False
        lines = lines_of(invoice)
        plain = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
        off, tax = _times(plain, Decimal("-0.02")), TAX[str(invoice["currency"])]
        net = plain + off
        cents = net.quantize(Decimal("0.1"), ROUND_HALF_EVEN) - net
        beside = (("discount", off), ("rounding", cents), ("tax", _times(net + cents, tax)))
        added = [_beside(kind, amount) for kind, amount in beside if amount]
        self._invoices.amend(invoice, [*lines, *added], at)
        return True

    def prepay(self, at: datetime, code: str, amount: str) -> bool:
        """Bill a customer before any work is done."""
        job = self._job(code)
        if job is not None:
            self._invoices.issue(job, [_beside("retainer", Decimal(amount))], at)
        return job is not None

    def draw(self, at: datetime, code: str, amount: str) -> bool:
        """Set a prepayment against the newest open invoice."""
        invoice = self._invoices.newest(code)
        if invoice is not None:
            lines = [*lines_of(invoice), _beside("retainer", -Decimal(amount))]
            self._invoices.amend(invoice, lines, at)
        return invoice is not None

    # In parts, twice, to the wrong one.

    def bill_part(self, at: datetime, code: str) -> bool:
        """Bill two fifths of one piece of work, ahead of the billing run."""
        job = self._job(code)
        due = list(self._billing.due(job, at.date().isoformat())) if job else []
        if job is None or not due:
            return False
        line = max(due, key=lambda one: (Decimal(one["amount"]), one["_key"]))
        self._invoices.issue(job, [{**line, "amount": _share(line, "0.4")}], at)
        return True

    def bill_twice(self, at: datetime, code: str) -> bool:
        """Bill two pieces of work of the newest open invoice once more."""
        job, invoice = self._job(code), self._invoices.newest(code)
        if job is None or invoice is None:
            return False
        self._invoices.issue(job, list(work_of(invoice))[:2], at)
        return True

    def readdress(self, at: datetime, code: str, number: str) -> bool:
        """Send the newest invoice of a project to another customer."""
        key, invoice = self._accounts.key("customer", f"C-{number}"), self._invoices.newest(code)
        if key is None or invoice is None:
            return False
        name = self._records.tables["customer"].rows[key].get("companyName")
        self._accounts.put("invoice", at, invoice["id"], customer={"id": key, "refName": name})
        return True

    def address(self, at: datetime, code: str) -> bool:
        """Send every invoice of a project to the project's customer."""
        job = self._job(code)
        for invoice in self._invoices.of(code, "open", "paid") if job else ():
            if job and (invoice.get("customer") or {}).get("id") != (job.get("parent") or {}).get("id"):
                self._accounts.put("invoice", at, invoice["id"], customer=job.get("parent"))
        return job is not None

    def order_number(self, at: datetime, code: str, number: str) -> bool:
        """Enter the customer's order number on the ERP's order, or wipe it (empty)."""
        key = self._accounts.key("salesorder", f"CT-{code}")
        if key is not None:
            self._accounts.put("salesorder", at, key, custbody_po=number)
        return key is not None

    # Made good.

    def settle(self, at: datetime, code: str) -> bool:
        """Credit what invoices of a project bill too much, and bill what they bill too little."""
        job = self._accounts.key("job", code)
        self._settle([one for one in self._off() if one[1]["entity"]["id"] == job], at)
        return job is not None

    def settle_all(self, at: datetime) -> bool:
        """The same for every project, those too that the ERP has no more."""
        self._settle(list(self._off()), at)
        return True

    def _settle(self, off: list[tuple[Line, Row, Decimal]], at: datetime) -> None:
        rest: dict[str, tuple[Row, list[Line]]] = {}
        for number, (line, invoice, amount) in enumerate(off, 1):
            if amount > 0:
                name = f"CM-{invoice['tranId']}-{at:%m%d%H%M}-{number}"
                self._invoices.credit(invoice, name, [{**line, "amount": str(amount)}], at)
            else:
                rest.setdefault(invoice["entity"]["id"], (invoice, []))[1].append({**line, "amount": str(-amount)})
        for invoice, lines in rest.values():
            job = {**invoice["entity"], "companyName": invoice["entity"]["refName"], "parent": invoice["customer"]}
            self._invoices.issue({**job, **{name: invoice[name] for name in ("subsidiary", "currency")}}, lines, at)

    def _off(self) -> Iterator[tuple[Line, Row, Decimal]]:
        """Work that is not billed at what it is worth: the line and invoice that bill it last, what is too much."""
        last: dict[str, tuple[Line, Row]] = {}
        for invoice in {line.invoice["id"]: line.invoice for line in self._books.lines()}.values():
            for line in work_of(invoice):
                if not line.get("custcol_milestone_id"):
                    last[str(fact_of(line["custcol_posting_id"]))] = line, invoice
        billed, owed = self._books.billed(), self._owed()
        for fact, (line, invoice) in last.items():
            amount = billed[fact] - owed.get(fact, Decimal(0))
            if amount:
                yield line, invoice, amount

    def _job(self, code: str) -> Row | None:
        return self._records.tables["job"].get(self._accounts.key("job", code))


def _share(line: Line, share: str) -> str:
    return str(_times(Decimal(line["amount"]), Decimal(share)))


def _times(amount: Decimal, factor: Decimal) -> Decimal:
    return (amount * factor).quantize(CENT, ROUND_HALF_EVEN)


def _beside(kind: str, amount: Decimal) -> Line:
    """A line that bills no work."""
    return {"description": kind.capitalize(), "amount": str(amount), "custcol_line_kind": kind}
