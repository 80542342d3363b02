"""What each finding must say of money, told from the raw records alone: the amount, its currency and its kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.acceptance.moving_world.books import Books
from tests.acceptance.moving_world.oracle import NOTHING, Fact, Milestone, Sale

Row = Mapping[str, Any]
Money = tuple[Decimal, str | None]
BLOCKED, AT_RISK, MISPOSTED = "billing_blocked", "revenue_at_risk", "cost_misposted"
BILLED = ("over-billed", "under-billed", "billed-twice")
WRONG_INVOICE = ("billed-elsewhere", "billed-to-another", "line-without-work")
ALONE = ("posting-foreign", "posting-doubled", "posting-withdrawn")
OWN = {*BILLED, *WRONG_INVOICE, *ALONE, "posting-gone", "posting-differs", "unexplained", "order-differs"}
"""Causes with an amount of their own; every other holds the work back, and its whole worth."""
KINDS = {
    **dict.fromkeys((*BILLED, *WRONG_INVOICE), AT_RISK),
    **dict.fromkeys(("posting-gone", "posting-differs", "unexplained"), BLOCKED),
    **dict.fromkeys(ALONE, MISPOSTED),
    "order-differs": AT_RISK,
    # What a gate stops, or a system refused: the work's own worth.
    **dict.fromkeys(("over-cap", "over-contract", "sale-not-won"), AT_RISK),
    **dict.fromkeys(("charge-code-of-other-project", "charge-code-of-other-entity"), MISPOSTED),
    **dict.fromkeys(
        (
            "approval-late",
            "billing-hold",
            "charge-code-inactive",
            "charge-code-missing",
            "charge-code-unknown",
            "closed-period",
            "contract-version",
            "dead-letter",
            "invoice-unknown",
            "invoice-void",
            "milestone-not-accepted",
            "not-convertible",
            "paused",
            "po-missing",
            "posting-moved-on",
            "project-closed",
            "project-missing",
            "project-unsold",
            "rate-missing",
            "resource-not-found",
            "sow-expired",
            "submission-late",
            "tax-profile-missing",
            "time-rejected",
            "unaccounted",
            "validation",
            "waiting",
        ),
        BLOCKED,
    ),
}


def wrong_money(books: Books, findings: Mapping[str, list[Row]]) -> Iterator[str]:
    """What findings about a piece of work, a milestone or an order say of money that the raw records do not."""
    for key, found in findings.items():
        told = [one for one in _told(found) if one["cause"] in KINDS]
        for expected, those in _once(books, key, told):
            said, causes = _sum(those), ", ".join(sorted(one["cause"] for one in those))
            if said != expected:
                yield f"{key}: {causes}: {said}, the raw records {expected}: {_about(books, key)}"
            for finding in those:
                if finding["amount"] and finding["money_kind"] != KINDS[finding["cause"]]:
                    yield f"{key}: {finding['cause']} is money {finding['money_kind']}"


def _told(found: list[Row]) -> Iterator[Row]:
    """Of several findings of one case about one subject the one that counts: the most."""
    by_case: dict[str, Row] = {}
    for finding in found:
        before = by_case.setdefault(finding["case_id"], finding)
        if Decimal(finding["amount"] or 0) > Decimal(before["amount"] or 0):
            by_case[finding["case_id"]] = finding
    yield from by_case.values()


def _once(books: Books, key: str, found: list[Row]) -> Iterator[tuple[Money, list[Row]]]:
    """What each finding must say; of those that hold a piece of work back its worth once, whatever their number."""
    gates = [one for one in found if one["cause"] not in OWN]
    for those in ([gates] if gates else []) + [[one] for one in found if one["cause"] in OWN]:
        expected = _expected(books, key, those[0])
        if expected is not None:
            yield expected, those


def _sum(found: list[Row]) -> Money:
    said = [(Decimal(one["amount"]), one["currency"]) for one in found if one["amount"]]
    return sum((amount for amount, _ in said), NOTHING), min((currency for _, currency in said), default=None)


def _about(books: Books, key: str) -> object:
    return books.facts.get(key) or books.milestones.get(key) or books.sales.get(key)


def _expected(books: Books, key: str, finding: Row) -> Money | None:
    """Amount and currency; None of what is not about the money of one record."""
    if key in books.facts:
        fact = books.facts[key]
        if not fact.there and finding["detector"] == "dead_letter":
            return None  # what was sent before it was deleted stands in no vendor's records
        amount, currency = _of_fact(fact, finding)
    elif key in books.milestones:
        amount, currency = _of_milestone(books.milestones[key], finding["cause"])
    elif key in books.sales and finding["cause"] == "order-differs" and len(books.sales[key].won) == 1:
        amount, currency = _of_order(books.sales[key])
    else:
        return None
    return amount, currency if amount else None


def _of_fact(fact: Fact, finding: Row) -> Money:
    cause, worth = finding["cause"], fact.work if fact.owed_to_erp else NOTHING
    if cause in BILLED:
        return abs(fact.billed - (worth if fact.currency == fact.billed_in else NOTHING)), fact.billed_in
    if cause in WRONG_INVOICE:
        return abs(fact.billed), fact.billed_in
    paired, alone = fact.sides
    if cause in ALONE:
        # In the books of two companies it is two cases. A project that is called otherwise since is the same.
        mine = [(one, money) for one, money in alone if one.company == finding["legal_entity"]] or alone
        there = [(one, money) for one, money in mine if one.project == finding["project_key"]] or mine
        return sum((abs(money) for _, money in there), NOTHING), there[0][0].currency if there else None
    if cause == "posting-differs" and paired:
        return abs(worth - paired[1]) or (NOTHING if fact.written_off else abs(worth)), fact.currency
    if cause in ("posting-differs", "posting-gone", "unexplained"):
        return abs(worth), fact.currency
    return NOTHING if fact.billed or fact.written_off else max(fact.work, NOTHING), fact.currency


def _of_milestone(one: Milestone, cause: str) -> Money:
    sold, ordered = one.sold and one.sold[0], one.ordered and one.ordered[0]
    agreed, agreed_in = (ordered, one.ordered_in) if ordered is not None else (sold, one.sold_in)
    if cause in BILLED:
        return abs(one.billed - ((agreed or NOTHING) if agreed_in == one.billed_in else NOTHING)), one.billed_in
    if cause in WRONG_INVOICE:
        return abs(one.billed), one.billed_in
    if cause == "order-differs":
        return _apart(sold, ordered), one.sold_in or one.ordered_in
    return (agreed or NOTHING) if not one.billed else NOTHING, agreed_in


def _of_order(sale: Sale) -> Money:
    sold = Decimal(str(sale.won[0]["Amount"]))
    ordered = Decimal(str(sale.orders[0]["total"])) if sale.orders else None
    return _apart(sold, ordered), str(sale.won[0]["CurrencyIsoCode"])


def _apart(source: Decimal | None, target: Decimal | None) -> Decimal:
    """By how much two sides differ, all of it where they differ in something else, or the side that stands alone."""
    if source is None or target is None:
        return abs(source if source is not None else target or NOTHING)
    return abs(source - target) or abs(source)
