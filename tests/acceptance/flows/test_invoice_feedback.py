"""F9 from end to end: what finance does to an invoice in the ERP shows in the PSA, over HTTP, by event and by night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.contracts.connector import Role
from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.operations.invoices import Invoices, lines_of
from integrations.sandbox.world.ledger import Row
from tests.acceptance.flows.house import House, open_house
from tests.two_people import asked_and_approved

FLOW = "invoice-feedback"


class Finance:
    """What finance does in the ERP for one project."""

    def __init__(self, house: House, code: str) -> None:
        self.code = code
        self._house, self.accounts = house, Accounts(house.vendors.erp)
        self.invoices = Invoices(self.accounts)

    def issue(self, *amounts: str, currency: str = "EUR") -> Row:
        """An invoice of all postings of the project that none bills, and of so much beside them."""
        house, erp = self._house, self._house.vendors.erp.records
        job = erp.tables["job"].rows[str(self.accounts.key("job", self.code))]
        bills = [erp.tables["timebill"].rows[key] for key in erp.bills_of.keys(job["id"])]
        lines: list[dict[str, Any]] = [
            {"amount": "900.00", "custcol_posting_id": row["externalId"], "_table": "timebill", "_key": row["id"]}
            for row in bills
            if not row.get("custcol_invoiced")
        ]
        lines += [{"amount": amount, "custcol_line_kind": "tax"} for amount in amounts]
        number = self.invoices.issue({**job, "currency": currency}, lines, house.clock.at)
        return erp.tables["invoice"].rows[str(self.accounts.key("invoice", number))]

    def pay(self, invoice: Row, amount: str, status: str = "deposited") -> str:
        key = self.accounts.key("customerpayment", f"PAY-{invoice['tranId']}-{amount}")
        applied = {"doc": {"id": invoice["id"]}, "amount": amount, "apply": True}
        fields = {"currency": invoice["currency"], "total": amount, "status": status, "apply": {"items": [applied]}}
        name = f"PAY-{invoice['tranId']}-{amount}"
        self.accounts.put("customerpayment", self._house.clock.at, key, externalId=name, tranId=name, **fields)
        return name

    def credit(self, amounts: Mapping[str, str], name: str = "CM-1") -> None:
        """A memo of several invoices, each by its internal id."""
        applied = [{"doc": {"id": invoice}, "amount": amount, "apply": True} for invoice, amount in amounts.items()]
        total = str(sum(map(Decimal, amounts.values())))
        fields = {"currency": "EUR", "total": total, "status": "applied", "apply": {"items": applied}}
        self.accounts.put("creditmemo", self._house.clock.at, externalId=name, tranId=name, **fields)

    def change(self, invoice: Row, **fields: Any) -> None:
        self.accounts.put("invoice", self._house.clock.at, invoice["id"], **fields)


CODES = iter(f"PRJ-100{n}" for n in range(1, 5))
"""A project for each test, in one house: setting it up costs more than the tests."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(tmp_path_factory.mktemp("house"), {Role.ERP: {"invoice_events": True}}) as opened:
        opened.open_company()
        user, account = opened.hire(), opened.account()
        codes = [f"PRJ-100{n}" for n in range(1, 5)]
        for code in codes:
            opened.win(account, code)
        opened.settle(2)
        for code in codes:
            opened.log(f"{code}.010", user)
        opened.settle(2)
        assert opened.states("time-to-bill") == {"settled": 4}
        yield opened


@pytest.fixture
def finance(house: House) -> Finance:
    house.clock.at += timedelta(minutes=5)
    return Finance(house, next(CODES))


def copies(house: House, invoice: Row) -> list[Row]:
    """The PSA's invoices that stand for one of the ERP's, the oldest first."""
    psa, ours = house.vendors.psa, f"IN-netsuite-{invoice['id']}"
    keys = [row["subject_id"] for row in psa.tables["external_references"] if row["service_model_ref"] == ours]
    return [psa.tables["invoices"].rows[key] for key in sorted(keys, key=int)]


def shown(house: House, invoice: Row) -> tuple[Any, ...]:
    """The PSA's state of an invoice, its amount, and what its reference says of the ERP's; one alone may stand."""
    *older, last = copies(house, invoice)
    assert all(row["status"] == "cancelled" for row in older)
    references = house.vendors.psa.tables["external_references"]
    [told] = [row for row in references if (row["subject_type"], row["subject_id"]) == ("Invoice", last["id"])]
    amount = Decimal(last["balance_in_cents"]) / 100
    return last["status"], amount, told["external_status"], told["external_message"]


def marked(house: House, finance: Finance) -> bool:
    """Whether the PSA shows the project's work as invoiced."""
    psa = house.vendors.psa
    [entry] = psa.entries_of.keys(psa.workspace(finance.code))
    return bool(psa.tables["time_entries"].rows[entry]["is_invoiced"])


def runs(house: House, *invoices: Row) -> list[dict[str, Any]]:
    keys = {f"invoice:IN-netsuite-{invoice['id']}" for invoice in invoices}
    return [run for run in house.runs(FLOW) if run["business_key"] in keys]


@pytest.mark.req("F9")
def test_an_invoice_its_payments_and_its_credits_show_on_the_work_that_they_are_of(
    house: House, finance: Finance
) -> None:
    invoice = finance.issue("171.00")
    house.settle(2)
    assert shown(house, invoice) == (
        "new",
        Decimal("1071.00"),
        "open",
        "EUR 1071.00 invoiced, 0.00 paid, 0.00 credited",
    )
    assert marked(house, finance)
    house.clock.at += timedelta(minutes=5)
    finance.pay(invoice, "400.00")
    house.settle(2)
    assert shown(house, invoice)[::2] == ("new", "partly_paid")
    house.clock.at += timedelta(minutes=5)
    finance.pay(invoice, "700.00")
    house.settle(2)
    assert shown(house, invoice)[0] == "accepted payment"
    assert shown(house, invoice)[3] == "EUR 1071.00 invoiced, 1100.00 paid, 0.00 credited", "paid too much is told"
    assert [run["state"] for run in runs(house, invoice)] == ["settled"] * 3


@pytest.mark.req("F9")
def test_an_amended_a_credited_and_a_void_invoice_let_go_of_their_work(house: House, finance: Finance) -> None:
    first = finance.issue()
    house.settle(2)
    house.clock.at += timedelta(minutes=5)
    finance.invoices.amend(
        first, [*lines_of(first), {"amount": "-50.00", "custcol_line_kind": "discount"}], house.clock.at
    )
    house.settle(2)
    assert shown(house, first)[:3] == ("new", Decimal("850.00"), "open") and marked(house, finance)
    second = finance.issue("100.00")
    house.settle(2)
    house.clock.at += timedelta(minutes=5)
    finance.credit({first["id"]: "850.00", second["id"]: "40.00"})
    house.settle(2)
    assert shown(house, first)[::2] == ("cancelled", "credited") and not marked(house, finance)
    assert shown(house, second)[::2] == ("new", "partly_paid")
    finance.change(second, status="void")
    house.settle(2)
    assert shown(house, second)[::2] == ("cancelled", "void")
    assert {run["state"] for run in runs(house, first, second)} == {"settled"}


@pytest.mark.req("F9", "X2", "E4")
def test_what_the_psa_cannot_show_is_refused_with_what_to_do_and_goes_on_by_replay(
    house: House, finance: Finance
) -> None:
    """An invoice in another currency than its project's, and one that is void after the PSA took its payment."""
    foreign, paid = finance.issue("10.00", currency="USD"), finance.issue("500.00")
    finance.pay(paid, "500.00")
    house.settle(2)
    finance.change(paid, status="void")
    house.clock.at += timedelta(minutes=5)
    house.settle(2)
    dead = {run["error_code"]: run for run in runs(house, foreign, paid) if run["state"] == "dead"}
    assert set(dead) == {"invoice-currency", "invoice-paid-in-psa"}
    assert (Decimal(dead["invoice-currency"]["amount"]), dead["invoice-currency"]["currency"]) == (910, "USD")
    assert shown(house, paid)[0] == "accepted payment"
    psa = house.vendors.psa
    psa.tables["invoices"].change(copies(house, paid)[-1]["id"], status="new")
    psa.tables["workspaces"].change(str(psa.workspace(finance.code)), currency="USD")
    asked_and_approved(house.journal, {"run_ids": [run["run_id"] for run in dead.values()], "from": "start"})
    house.settle(2)
    assert shown(house, paid)[0] == "cancelled" and shown(house, foreign)[:2] == ("new", Decimal("910.00"))


@pytest.mark.req("F9")
def test_the_night_brings_what_no_change_told(house: House, finance: Finance) -> None:
    invoice = finance.issue("100.00")
    house.settle(1)
    house.clock.at += timedelta(minutes=5)
    finance.issue("1.00")
    house.settle(1)
    table = house.vendors.erp.records.tables["invoice"]
    table.put(invoice["id"], {**table.rows[invoice["id"]], "status": "void"})
    house.settle(2)
    assert shown(house, invoice)[0] == "new", "the vendor stamped nothing"
    house.clock.at += timedelta(days=1)
    house.settle(2)
    assert (
        shown(house, invoice)[::2] == ("cancelled", "void")
        and [run["state"] for run in runs(house, invoice)] == ["settled"] * 2
    )
