"""What the console says held against the oracle: each amount in its place, each difference owned, no case false."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.acceptance.moving_world.books import Books
from tests.acceptance.moving_world.converting import Frozen, wrong_period, wrong_reporting, wrong_worth
from tests.acceptance.moving_world.copies import Copy
from tests.acceptance.moving_world.firm import MovingFirm
from tests.acceptance.moving_world.oracle import NOTHING, Fact, Milestone, Sale, cents
from tests.acceptance.moving_world.worth import KINDS, wrong_money

Row = Mapping[str, Any]
PLACES = ("landed", "on_its_way", "cases", "written_off", "unexplained")
JOINTS = {"time_entry": "work", "expense": "work"}
"""What is summed together, as it is one joint."""
BILLED_WITHIN = timedelta(days=45)
LOOSE = ("posting-", "order-differs", "budget-differs", "over-billed", "under-billed", "billed-twice")
"""Causes that claim a difference between two records: where the raw records agree they are false."""


class Judged:
    """What the console says now, by subject."""

    def __init__(self, firm: MovingFirm) -> None:
        rows = firm.record.rows
        self.now: datetime = firm.now
        self.work = {row["item_key"]: row for row in rows("SELECT * FROM mart_work")}
        self.tied = rows("SELECT * FROM mart_tieout")
        self.sales = {row["project_key"]: row for row in rows("SELECT * FROM mart_project")}
        self.totals = rows("SELECT * FROM mart_totals")
        self.found: dict[str, list[Row]] = defaultdict(list)
        self.of_project: dict[str, set[str]] = defaultdict(set)
        self.recoded: set[str] = set()
        """The CRM's own ids of sales that got another code: the case stands under the first."""
        for finding in firm.open_findings():
            self.found[finding["subject_key"]].append(finding)
            for key in (finding["project_key"], finding["subject_key"]):
                self.of_project[key].add(finding["cause"])
            if finding["cause"] == "project-recoded":
                self.recoded.add(finding["fingerprint"].split("|")[1])


def faults(firm: MovingFirm, books: Books, frozen: Frozen) -> list[str]:
    """What the console would say that the raw records do not, or fail to say that they do."""
    judged = Judged(firm)
    frozen.look(judged.now, books.rates.currencies)
    wrong = [f"{key}: {what}" for key, fact in books.facts.items() for what in _of_work(fact, books, judged)]
    wrong += [f"{key}: {what}" for key, one in books.milestones.items() for what in _of_milestone(one, judged)]
    wrong += [f"{code}: {what}" for code, sale in books.sales.items() for what in _of_sale(sale, judged)]
    wrong += [f"{code}: {what}" for code, sale in books.sales.items() for what in _of_cap(sale, books, judged)]
    wrong += [f"{one.key}: {what}" for one in books.copies for what in _of_copy(one, judged)]
    wrong += wrong_money(books, judged.found)
    wrong += wrong_worth(books, judged.work, judged.sales, frozen)
    wrong += wrong_period(books, judged.work, judged.tied)
    wrong += wrong_reporting(books, judged.found)
    return wrong + list(_of_totals(books, judged)) + list(_of_places(books, judged))


def _of_work(fact: Fact, books: Books, judged: Judged) -> Iterator[str]:
    row, found = judged.work.get(fact.key, {}), judged.found.get(fact.key, [])
    said = Decimal(row.get("bill_amount") or 0) if row.get("state") == "billed" else NOTHING
    causes = {finding["cause"] for finding in found}
    stands = (
        f"PSA {fact.work} (approved {fact.approved}), ERP {[str(p.money) for p in fact.standing]}, billed {fact.billed}"
    )
    if said != fact.billed:
        yield f"the invoices bill {fact.billed}, the console says {said} ({row.get('state')})"
    if row.get("state") == "ready" and not (fact.held_once and fact.owed_to_erp):
        yield f"called ready: {stands}"
    sale = books.sales.get(fact.project or "")
    if row.get("state") == "ready" and fact.work and sale and (why := sale.stops(fact.day)):
        yield f"called ready, and {why}: {stands}"
    if (row.get("state") == "written_off") != fact.written_off:
        yield f"written off: {fact.let_go}, and it is {row.get('state')}: {stands}"
    if fact.let_go_whole:
        if money := sorted(one["cause"] for one in found if one["amount"] and one["cause"] in KINDS):
            yield f"a case {money} of what was written off: {stands}"
        return
    if not (fact.agrees and fact.settled_bill) and not found:
        yield f"no case: {stands}, {row.get('state')} {row.get('blocker')}"
    if late(fact, judged.now) and not found and fact.work:
        yield f"on no invoice for so long, and no case: {stands}, {row.get('state')} {row.get('blocker')}"
    if "billed-elsewhere" in causes and fact.lines and books.at_home(fact):
        yield f"a false case ['billed-elsewhere']: {stands}"
    if fact.agrees and fact.settled_bill and (false := {cause for cause in causes if cause.startswith(LOOSE)}):
        yield f"a false case {sorted(false)}: {stands}"


def late(fact: Fact, now: datetime) -> bool:
    """Posted as it is for longer than a firm takes to bill, and not billed."""
    if not fact.agrees or fact.billed or not fact.standing:
        return False
    return datetime.fromisoformat(fact.standing[0].created) < now - BILLED_WITHIN - timedelta(days=1)


def _of_milestone(one: Milestone, judged: Judged) -> Iterator[str]:
    row = judged.work.get(one.key, {})
    said = Decimal(row.get("bill_amount") or 0) if row.get("state") == "billed" else NOTHING
    if said != one.billed:
        yield f"the invoices bill {one.billed}, the console says {said} ({row.get('state')})"
    if row.get("state") == "ready" and not (one.ordered and one.done and one.accepted):
        yield f"called ready, and it is {one}"


def _of_sale(sale: Sale, judged: Judged) -> Iterator[str]:
    causes = judged.of_project.get(sale.code, set())
    if any(won["Id"] in judged.recoded for won in sale.won):
        causes = causes | {"project-recoded"}
    for one in sale.milestones:
        causes = causes | {finding["cause"] for finding in judged.found.get(one, [])}
    if sale.agrees and (false := {cause for cause in causes if cause == "order-differs"}):
        yield f"a false case {sorted(false)}"
    if len(sale.won) == 1 and not sale.agrees and not causes:
        yield f"no case: sold {sale.won}, ordered {sale.orders}, milestones {list(sale.milestones.values())}"


def _of_copy(one: Copy, judged: Judged) -> Iterator[str]:
    """An invoice that the PSA shows otherwise is somebody's, one that it shows as it is is nobody's."""
    causes = {finding["cause"] for finding in judged.found.get(one.key, [])}
    if not one.agrees and not causes:
        yield f"no case: the ERP has {one.wanted}, the PSA shows {one.held} and {one.more} more"
    if one.agrees and (false := {cause for cause in causes if cause.startswith("invoice-")}):
        yield f"a false case {sorted(false)}: both have {one.held}"
    if "invoice-foreign" in causes and one.sent and not one.more:
        yield f"called foreign, and the ERP has {one.wanted}"


def _of_cap(sale: Sale, books: Books, judged: Judged) -> Iterator[str]:
    """What is ready and what is billed fit under the order's cap: of projects whose money is of its currency alone."""
    if sale.cap is None:
        return
    work = [fact for fact in books.facts.values() if fact.project == sale.code]
    lines = [line for fact in books.facts.values() for line in fact.lines if line.project == sale.code]
    stones = list(sale.milestones.values())
    money = {fact.currency for fact in work} | {line.currency for line in lines} | {one.ordered_in for one in stones}
    ready = {key for key, row in judged.work.items() if row["state"] == "ready"}
    first = sum((fact.work for fact in work if fact.key in ready), NOTHING)
    first += sum((one.ordered[0] for one in stones if one.key in ready and one.ordered), NOTHING)
    billed = sum((line.amount for line in lines), NOTHING) + sum((one.billed for one in stones), NOTHING)
    if money <= {sale.cap[1]} and first > 0 and first + billed > sale.cap[0]:
        yield f"{first} is called ready, {billed} is billed, and its cap is {sale.cap[0]}"


def _of_totals(books: Books, judged: Judged) -> Iterator[str]:
    """Each row balances; over all rows of a flow the sides are what the raw records hold."""
    held: Counter[tuple[str, str, str]] = Counter()
    for row in judged.totals:
        if row["source_amount"] != sum(row[f"{place}_amount"] for place in PLACES):
            yield f"the source's totals do not balance: {row}"
        if row["target_amount"] != row["landed_amount"] + row["unsourced_amount"] and row["currency"] is not None:
            yield f"the target's totals do not balance: {row}"
        for side in ("source", "target"):
            held[JOINTS.get(row["entity"], row["entity"]), side, row["currency"]] += row[f"{side}_amount"]
    raw: Counter[tuple[str, str, str | None]] = Counter()
    for fact in books.facts.values():
        if fact.owed_to_erp:
            raw["work", "source", fact.currency] += fact.work
        for posting in fact.standing:
            raw["work", "target", posting.currency] += posting.money
        for line in fact.lines:
            raw["invoice_line", "target", line.currency] += line.amount
    for one in books.milestones.values():
        if one.billed:
            raw["invoice_line", "target", one.billed_in] += one.billed
    for sale in books.sales.values():
        for won in sale.won:
            raw["contract", "source", won["CurrencyIsoCode"]] += cents(Decimal(str(won["Amount"])))
    for where, amount in raw.items():
        if held[where] != amount:  # type: ignore[index]
            yield f"the totals of {where} are {held[where]}, the raw records hold {amount}"  # type: ignore[index]


def _of_places(books: Books, judged: Judged) -> Iterator[str]:
    """No record stands in two places, and none in the place that nobody owns."""
    for side in ("source_key", "target_key"):
        # One invoice bills each posting of a piece of work that was posted twice: a pair is one record of this joint.
        seen = Counter(
            (row["flow"], row["entity"], row["item_key"], row[side])
            if row["flow"] != "billing"
            else (row["flow"], row["source_key"], row["item_key"], row["target_key"])
            for row in judged.tied
            if row[side]
        )
        for (flow, entity, item, key), count in seen.items():
            sold = len(books.sales[item].won) if item in books.sales else 1  # two sales may have one code
            if count > max(sold, 1):
                yield f"{item}: {key} stands in {count} places of {flow}, {entity}"
    for row in judged.tied:
        owned = judged.found.get(row["item_key"]) or judged.of_project.get(row["project_key"] or "")
        if row["place"] == "unexplained" and not row["in_time"] and not owned:
            yield f"{row['item_key']}: unexplained, and nobody's: {row['flow']} {row['reason']}"
        if row["place"] == "unsourced" and not row["in_time"] and not row["case_id"]:
            yield f"{row['item_key']}: without a source, and nobody's: {row['flow']} {row['reason']}"
