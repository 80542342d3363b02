"""Where each amount must stand, told from the vendors' raw records alone; nothing of the product is imported here.

An hour of work is a fact of the PSA. The ERP holds postings of it (`<fact>-v<version>`, a reversal ends in `-R`), an
invoice holds lines that bill postings. Money is what the raw records say, to the cent, in their own currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

Raw = Mapping[str, Any]
CENT = Decimal("0.01")
NOTHING = Decimal(0)
FALLEN = ("void", "voided", "draft")


def fact_of(external: str) -> str:
    return external.rsplit("-v", 1)[0]


def hours_of(text: str) -> Decimal:
    sign, (whole, minutes) = (-1 if text.startswith("-") else 1), text.lstrip("-").split(":")
    return sign * (Decimal(whole) + Decimal(minutes) / 60)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_EVEN)


@dataclass
class Fact:
    """One piece of work as each system has it."""

    key: str
    project: str | None = None
    day: str | None = None
    approved: bool = False
    there: bool = False
    """The PSA still has it."""
    hours: Decimal = NOTHING
    work: Decimal = NOTHING
    """What the PSA's hours can be billed at today."""
    currency: str | None = None
    postings: list[tuple[tuple[str, str], Decimal, Decimal]] = field(default_factory=list)
    """Project and day, hours and money of each posting, reversals negative."""
    lines: list[tuple[str, Decimal]] = field(default_factory=list)
    """Invoice and amount of each standing line."""
    flagged: bool = False
    """The ERP marks a posting as invoiced."""

    @property
    def posted_hours(self) -> Decimal:
        return sum((hours for _, hours, _ in self.postings), NOTHING)

    @property
    def posted(self) -> Decimal:
        return cents(sum((money for _, _, money in self.postings), NOTHING))

    @property
    def billed(self) -> Decimal:
        return sum((amount for _, amount in self.lines), NOTHING)

    @property
    def owed_to_erp(self) -> bool:
        """The PSA says that the ERP must hold it."""
        return self.there and self.approved

    @property
    def standing(self) -> list[tuple[tuple[str, str], Decimal, Decimal]]:
        """The postings without those that a reversal takes back."""
        left = list(self.postings)
        for where, hours, money in self.postings:
            if hours < 0 and (where, -hours, -money) in left:
                left.remove((where, -hours, -money))
                left.remove((where, hours, money))
        return left

    @property
    def held_once(self) -> bool:
        """One of the postings is the work as the PSA has it; what else there is was posted beside it."""
        return any(
            where == (self.project, self.day) and cents(hours) == cents(self.hours) and cents(money) == self.work
            for where, hours, money in self.standing
        )

    @property
    def agrees(self) -> bool:
        """ERP and PSA hold the same: hours, money, project and day; or neither holds anything."""
        if not self.owed_to_erp:
            return not self.standing
        return self.held_once and len(self.standing) == 1

    @property
    def settled_bill(self) -> bool:
        """What was billed is what the work is worth now, on one line."""
        return len(self.lines) <= 1 and (not self.lines or self.billed == (self.work if self.owed_to_erp else NOTHING))


class Books:
    """The raw records of PSA and ERP, read once."""

    def __init__(self, psa: Mapping[str, Iterable[Raw]], erp: Mapping[str, Iterable[Raw]]) -> None:
        self._projects = {row["id"]: str(row["title"]).split(" ", 1)[0] for row in psa["workspaces"]}
        self._jobs = {str(row["id"]): row for row in (*erp["deleted"], *erp["job"])}
        self.facts: dict[str, Fact] = {}
        for row in psa["time_entries"]:
            self._entry(row)
        for row in erp["timebill"]:
            self._posting(row)
        for row in erp["invoice"]:
            if str(row.get("status", "open")).lower() not in FALLEN:
                self._invoice(row)

    def _fact(self, key: str) -> Fact:
        return self.facts.setdefault(key, Fact(key))

    def _entry(self, row: Raw) -> None:
        fact = self._fact(f"TE-kantata-{row['id']}")
        fact.there, fact.approved = True, bool(row.get("approved"))
        fact.project, fact.currency = self._projects.get(row["workspace_id"]), row.get("currency")
        fact.day = str(row["date_performed"])
        fact.hours = Decimal(row["time_in_minutes"]) / 60
        rate = Decimal(row.get("rate_in_cents") or 0) / 100 if row.get("billable", True) else NOTHING
        fact.work = cents(fact.hours * rate)

    def _posting(self, row: Raw) -> None:
        fact = self._fact(fact_of(str(row.get("externalId") or f"ERP-{row['id']}")))
        hours = hours_of(str(row["hours"]))
        rate = Decimal(str(row.get("rate") or 0)) if row.get("isBillable", True) else NOTHING
        job = self._jobs.get(str((row.get("customer") or {}).get("id")), {})
        where = (str(job.get("externalId")), str(row["tranDate"])[:10])
        fact.postings.append((where, hours, hours * rate))
        fact.flagged = fact.flagged or bool(row.get("custcol_invoiced"))

    def _invoice(self, row: Raw) -> None:
        for line in (row.get("item") or {}).get("items", []):
            posting = str(line.get("custcol_posting_id") or "")
            if posting:
                self._fact(fact_of(posting)).lines.append((str(row.get("tranId")), Decimal(str(line["amount"]))))
