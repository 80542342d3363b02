"""Where each amount must stand, told from the vendors' raw records alone; nothing of the product is imported here.

An hour or an expense is a fact of the PSA. The ERP holds postings of it (`<fact>-v<version>`, a reversal ends in `-R`),
an invoice holds lines that bill postings, a credit memo takes lines back. A milestone is a line of a sale in the CRM,
and of its order in the ERP. Money is what the raw records say, to the cent, in their own currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

Raw = Mapping[str, Any]
CENT = Decimal("0.01")
NOTHING = Decimal(0)


def fact_of(external: str) -> str:
    return external.rsplit("-v", 1)[0]


def hours_of(text: str) -> Decimal:
    sign, (whole, minutes) = (-1 if text.startswith("-") else 1), text.lstrip("-").split(":")
    return sign * (Decimal(whole) + Decimal(minutes) / 60)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_EVEN)


@dataclass(frozen=True)
class Posting:
    """What the ERP holds under one external id; a reversal's amounts are negative."""

    external: str
    project: str
    day: str
    size: Decimal
    """Hours, or what was spent."""
    money: Decimal
    """What the customer pays for it."""
    currency: str | None
    created: str
    company: str | None = None
    """In whose books it is."""

    @property
    def reversal(self) -> bool:
        return self.external.endswith("-R")

    def takes_from(self, other: Posting) -> bool:
        """Whether this is a reversal of another posting, where that stands."""
        return self.external == f"{other.external}-R" and (self.project, self.day) == (other.project, other.day)

    def takes_back(self, other: Posting) -> bool:
        """Whether this reversal leaves nothing of another posting."""
        return self.takes_from(other) and (-self.size, -self.money) == (other.size, other.money)


@dataclass(frozen=True)
class Line:
    """What an invoice says of one piece of work."""

    invoice: str
    day: str
    amount: Decimal
    currency: str
    project: str
    company: str
    customer: str


@dataclass
class Fact:
    """One piece of work as each system has it."""

    key: str
    project: str | None = None
    day: str | None = None
    approved: bool = False
    there: bool = False
    """The PSA still has it."""
    size: Decimal = NOTHING
    work: Decimal = NOTHING
    """What the PSA's hours or receipt can be billed at today."""
    currency: str | None = None
    postings: list[Posting] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    """Lines of invoices that stand; what a credit memo took back is negative."""
    let_go: tuple[str, Decimal, str] | None = None
    """Of what two people wrote off: at which joint, how much, in which currency."""

    @property
    def billed(self) -> Decimal:
        return sum((line.amount for line in self.lines), NOTHING)

    @property
    def billed_in(self) -> str | None:
        return min((line.currency for line in self.lines), default=None)

    @property
    def owed_to_erp(self) -> bool:
        """The PSA says that the ERP must hold it."""
        return self.there and self.approved

    @property
    def standing(self) -> list[Posting]:
        """The postings without those that a reversal takes back whole."""
        taken = {(one, back) for one in self.postings for back in self.postings if back.takes_back(one)}
        gone = {posting for pair in taken for posting in pair}
        return [posting for posting in self.postings if posting not in gone]

    @property
    def sides(self) -> tuple[tuple[Posting, Decimal] | None, list[tuple[Posting, Decimal]]]:
        """The posting that stands for the work, and those beside it, each with what reversals left of its money."""
        standing = self.standing
        held = [one for one in standing if not one.reversal]
        back = {one: [two for two in standing if two.takes_from(one)] for one in held}
        left = [(one, one.money + sum((two.money for two in back[one]), NOTHING)) for one in held]
        left.sort(key=lambda pair: (len(pair[0].external), pair[0].external), reverse=True)
        used = {two for all_ in back.values() for two in all_}
        left += [(two, two.money) for two in standing if two.reversal and two not in used]
        return (left[0], left[1:]) if left and self.owed_to_erp else (None, left)

    @property
    def held_once(self) -> bool:
        """One of the postings is the work as the PSA has it; what else there is was posted beside it."""
        return any(
            (one.project, one.day, cents(one.size), one.money) == (self.project, self.day, cents(self.size), self.work)
            for one in self.standing
        )

    @property
    def written_off(self) -> bool:
        """Two people wrote it off, and it is worth as much: the target still holds none of it, whatever was posted
        beside it.
        """
        if self.let_go is None:
            return False
        flow, amount, currency = self.let_go
        if not self.owed_to_erp or (self.work, self.currency) != (amount, currency):
            return False
        if flow != "billing":
            return not self.standing
        paired, alone = self.sides
        return not self.lines and paired is not None and amount in (paired[1], *(money for _, money in alone))

    @property
    def let_go_whole(self) -> bool:
        """It is written off, and nothing else is wrong with it."""
        return self.written_off and (not self.standing or self.agrees)

    @property
    def agrees(self) -> bool:
        """ERP and PSA hold the same: size, money, project and day; or neither holds anything."""
        return self.held_once and len(self.standing) == 1 if self.owed_to_erp else not self.standing

    @property
    def settled_bill(self) -> bool:
        """What was billed is what the work is worth now: so many pounds are not so many euros."""
        worth = self.work if self.owed_to_erp else NOTHING
        return not self.billed or (self.billed, self.billed_in) == (worth, self.currency)


@dataclass
class Milestone:
    """A milestone as sale, order and invoices have it; none where a side lacks it."""

    key: str
    sold: tuple[Decimal, str] | None = None
    ordered: tuple[Decimal, str] | None = None
    done: bool = False
    accepted: bool = False
    billed: Decimal = NOTHING
    sold_in: str | None = None
    ordered_in: str | None = None
    billed_in: str | None = None


@dataclass
class Sale:
    """A project's code as the CRM and the ERP have it."""

    code: str
    won: list[Raw] = field(default_factory=list)
    orders: list[Raw] = field(default_factory=list)
    milestones: dict[str, Milestone] = field(default_factory=dict)

    @property
    def agrees(self) -> bool:
        """One won sale, one order, and both say the same of value, currency and milestones."""
        if len(self.won) != 1 or len(self.orders) != 1:
            return False
        sale, order = self.won[0], self.orders[0]
        value = cents(Decimal(str(sale["Amount"]))), sale["CurrencyIsoCode"]
        return value == (cents(Decimal(str(order["total"]))), text_of(order["currency"])) and all(
            one.sold == one.ordered for one in self.milestones.values()
        )

    def stops(self, day: str | None) -> list[str]:
        """What forbids an invoice for work of that day, as far as one sale and one order say it."""
        if len(self.won) != 1 or len(self.orders) != 1:
            return []
        (sale,), (order,) = self.won, self.orders
        last = sale.get("SOW_Expires_On__c")
        said = {
            "the contract is on hold": order.get("custbody_hold") in (True, "T"),
            f"the statement of work ended on {last}": bool(last and day and day > str(last)),
            "the order has no number of the customer's": sale.get("PO_Number__c") and not order.get("custbody_po"),
        }
        return [why for why, holds in said.items() if holds]

    @property
    def cap(self) -> tuple[Decimal, str] | None:
        """What may be billed at most, where one order says so."""
        if len(self.orders) != 1 or not self.orders[0].get("custbody_cap"):
            return None
        return cents(Decimal(str(self.orders[0]["custbody_cap"]))), text_of(self.orders[0]["currency"])


def text_of(value: Any) -> Any:
    """A reference's name, or the plain text."""
    return value.get("refName") or value.get("externalId") or value.get("id") if isinstance(value, Mapping) else value
