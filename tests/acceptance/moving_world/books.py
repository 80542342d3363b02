"""The vendors' raw records read once, as facts, sales and milestones; nothing of the product is imported here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from tests.acceptance.moving_world.copies import copies
from tests.acceptance.moving_world.days import Rates
from tests.acceptance.moving_world.oracle import (
    NOTHING,
    Fact,
    Line,
    Milestone,
    Posting,
    Raw,
    Sale,
    cents,
    fact_of,
    hours_of,
    text_of,
)

FALLEN = ("void", "voided", "draft")


class Books:
    """`tables` are the raw records of PSA, ERP and CRM by the names of their tables, `periods` the ERP's by month, and
    `let_go` what two people wrote off: flow and piece of work, and how much in which currency.
    """

    def __init__(
        self, tables: Mapping[str, Iterable[Raw]], periods: Mapping[str, Raw], let_go: Mapping[tuple[str, str], Raw]
    ) -> None:
        self.rates = Rates(tables["currencyrate"], periods)
        self.facts: dict[str, Fact] = {}
        self.sales: dict[str, Sale] = {}
        self.milestones: dict[str, Milestone] = {}
        self._projects = {row["id"]: str(row["title"]).split(" ", 1)[0] for row in tables["workspaces"]}
        self._jobs = {str(row["id"]): row for row in (*tables["deleted"], *tables["job"])}
        for row in tables["time_entries"]:
            self._entry(row)
        for row in tables["expenses"]:
            self._expense(row)
        for row in (*tables["timebill"], *tables["expensereport"]):
            self._posting(row)
        self._sell(tables["Opportunity"], tables["OpportunityLineItem"])
        self._order(tables["salesorder"])
        self._bill(tables["invoice"], tables["creditmemo"])
        self.copies = copies(tables, {str(row["id"]): row for row in tables["job"]})
        for (flow, key), row in let_go.items():
            if key in self.facts:
                self.facts[key].let_go = flow, Decimal(str(row["amount"])), str(row["currency"])

    def at_home(self, fact: Fact) -> bool:
        """Whether every invoice of this work is of its own project, and of the company that each system says it is."""
        sale = self.sales.get(fact.project or "")
        companies = {str(row["Legal_Entity__c"]) for row in sale.won} if sale else set()
        jobs = [row for row in self._jobs.values() if row.get("externalId") == fact.project]
        companies |= {str(text_of(row.get("subsidiary"))) for row in jobs}
        return all(line.project == fact.project and companies == {line.company} for line in fact.lines)

    # The PSA.

    def _fact(self, key: str) -> Fact:
        return self.facts.setdefault(key, Fact(key))

    def _booked(self, key: str, row: Raw, day: str, size: Decimal, price: Decimal) -> None:
        fact = self._fact(key)
        fact.there, fact.approved = True, bool(row.get("approved"))
        fact.project, fact.currency = self._projects.get(row["workspace_id"]), row.get("currency")
        fact.day, fact.size = day, size
        fact.work = cents(size * price) if row.get("billable", True) else NOTHING

    def _entry(self, row: Raw) -> None:
        rate = Decimal(row.get("rate_in_cents") or 0) / 100
        hours = Decimal(row["time_in_minutes"]) / 60
        self._booked(f"TE-kantata-{row['id']}", row, str(row["date_performed"]), hours, rate)

    def _expense(self, row: Raw) -> None:
        spent = Decimal(row["amount_in_cents"]) / 100
        self._booked(f"EX-kantata-{row['id']}", row, str(row["date"]), spent, Decimal(1))

    # The ERP.

    def _posting(self, row: Raw) -> None:
        external = str(row.get("externalId") or f"ERP-{row['id']}")
        if "hours" in row:
            size = hours_of(str(row["hours"]))
            price, currency = Decimal(str(row.get("rate") or 0)), row.get("custcol_currency")
        else:
            size, price = Decimal(str(row.get("amount") or row.get("total") or 0)), Decimal(1)
            currency = row.get("currency")
        money = cents(size * price) if row.get("isBillable", True) else NOTHING
        day, created, company = str(row["tranDate"])[:10], str(row["createdDate"]), text_of(row.get("subsidiary"))
        posting = Posting(external, self._code(row), day, size, money, currency, created, company)
        self._fact(fact_of(external)).postings.append(posting)

    def _code(self, row: Raw) -> str:
        """The code of the project that a record names, also of one that was deleted."""
        job = self._jobs.get(str((row.get("customer") or row.get("entity") or {}).get("id")), {})
        return str(job.get("externalId"))

    def _bill(self, invoices: Iterable[Raw], memos: Iterable[Raw]) -> None:
        standing = {str(row["id"]): row for row in invoices if str(row.get("status", "open")).lower() not in FALLEN}
        for row in standing.values():
            self._lines(row, 1)
        for memo in memos:
            credited = str((memo.get("createdFrom") or {}).get("id"))
            if str(memo.get("status", "open")).lower() not in FALLEN and credited in standing:
                self._lines(memo, -1)

    def _lines(self, row: Raw, sign: int) -> None:
        for line in (row.get("item") or {}).get("items", []):
            amount = sign * Decimal(str(line["amount"]))
            if line.get("custcol_milestone_id"):
                job = self._jobs.get(str((row.get("entity") or {}).get("id")), {})
                milestone = self._milestone(str(job.get("externalId")), str(line["custcol_milestone_id"]))
                milestone.billed += amount
                milestone.billed_in = str(text_of(row.get("currency")))
            elif line.get("custcol_posting_id"):
                self._fact(fact_of(str(line["custcol_posting_id"]))).lines.append(self._line(row, amount))

    def _line(self, row: Raw, amount: Decimal) -> Line:
        names = (text_of(row.get(name)) for name in ("currency", "subsidiary", "customer"))
        currency, company, customer = (str(name) for name in names)
        job = self._jobs.get(str((row.get("entity") or {}).get("id")), {})
        return Line(
            str(row.get("tranId")),
            str(row.get("tranDate"))[:10],
            amount,
            currency,
            str(job.get("externalId")),
            company,
            customer,
        )

    # Sales and orders.

    def _sale(self, code: str) -> Sale:
        return self.sales.setdefault(code, Sale(code))

    def _milestone(self, code: str, identity: str) -> Milestone:
        key = f"MS-{code}-{identity}"
        if key not in self.milestones:
            self.milestones[key] = self._sale(code).milestones[key] = Milestone(key)
        return self.milestones[key]

    def _sell(self, sales: Iterable[Raw], lines: Iterable[Raw]) -> None:
        codes = {row["Id"]: str(row["Project_Code__c"]) for row in sales if row["IsWon"] and not row["IsDeleted"]}
        for row in sales:
            if row["Id"] in codes:
                self._sale(codes[row["Id"]]).won.append(row)
        for line in lines:
            if line["Line_Kind__c"] == "Milestone" and line["OpportunityId"] in codes and not line["IsDeleted"]:
                amount = cents(Decimal(str(line["TotalPrice"])))
                milestone = self._milestone(codes[line["OpportunityId"]], str(line["Id"]))
                milestone.sold = amount, str(line["ServiceDate"])[:10]
                milestone.sold_in = str(line["CurrencyIsoCode"])

    def _order(self, orders: Iterable[Raw]) -> None:
        """Each order under the code that it was made for, and its milestones also under the one of its project now."""
        for row in orders:
            code = str(row["externalId"]).removeprefix("CT-")
            self._sale(code).orders.append(row)
            for line in (row.get("item") or {}).get("items", []):
                for called in sorted({code, self._code({"entity": row.get("entity")})} - {"None"}):
                    milestone = self._milestone(called, str(line["custcol_milestone_id"]))
                    milestone.ordered = cents(Decimal(str(line["amount"]))), str(line.get("custcol_due"))[:10]
                    milestone.ordered_in = str(text_of(row["currency"]))
                    milestone.done = bool(line.get("custcol_completed"))
                    milestone.accepted = bool(line.get("custcol_accepted"))


def read(
    psa: Mapping[str, Any],
    erp: Mapping[str, Any],
    crm: Mapping[str, Any],
    deleted: Iterable[Raw],
    periods: Mapping[str, Raw],
    let_go: Mapping[tuple[str, str], Raw],
) -> Books:
    """The books of all three, as they stand now."""
    tables = {name: list(table) for system in (psa, erp, crm) for name, table in system.items()}
    return Books({**tables, "deleted": list(deleted)}, periods, let_go)
