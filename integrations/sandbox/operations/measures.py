"""What faults hold back that no plan can tell beforehand: it depends on what was billed and posted by then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

from integrations.sandbox.operations.books import Books, worth
from integrations.sandbox.vendors.netsuite.records import Records
from integrations.sandbox.world.ledger import Row

Money = dict[str, Decimal]
Measure = Callable[[str], Iterator[tuple[str, Decimal]]]
"""Currency and amount of each thing that a fault about a subject holds back."""
NOTHING: Mapping[str, Measure] = MappingProxyType({})


@dataclass(frozen=True)
class Work:
    """A piece of work as the world knows it: `amount` is what the customer owes, nothing while it is not agreed."""

    fact: str
    project: str
    day: str
    amount: Decimal
    currency: str


class Measures:
    """Money by currency, measured in the ERP's records against what was truly worked; `elsewhere` are the kinds that
    are measured in another system.
    """

    def __init__(
        self, records: Records, work: Callable[[], Iterable[Work]], elsewhere: Mapping[str, Measure] = NOTHING
    ) -> None:
        self._records, self._books, self._work = records, Books(records), work
        self._by_kind: Mapping[str, Measure] = {
            **elsewhere,
            "project-deleted-in-erp": self._stranded,
            "credited-invoice": self._released,
            "partly-credited": self._too_little,
            "partly-invoiced": self._too_little,
            "raised-after-invoice": self._too_little,
            "billed-twice": self._twice,
            "cut-after-invoice": self._too_much,
            "wrong-customer": self._misaddressed,
            "beyond-cap": self._beyond,
            "order-number-lost": self._unbilled,
            "moved-company": self._posted,
        }

    def of(self, kind: str, subject: str) -> Money:
        """What a fault of a kind holds back now; nothing of a kind whose money the plan knows."""
        found: Money = {}
        measure = self._by_kind.get(kind)
        for currency, amount in measure(subject) if measure else ():
            found[currency] = found.get(currency, Decimal(0)) + amount
        return {currency: amount for currency, amount in found.items() if amount}

    def differences(self) -> Iterator[tuple[Work, Decimal]]:
        """Work of which standing invoices bill something else than it is worth, and what they bill."""
        billed = self._books.billed()
        for work in self._work():
            if work.fact in billed and billed[work.fact] != work.amount:
                yield work, billed[work.fact]

    def _too_much(self, _: str) -> Iterator[tuple[str, Decimal]]:
        twice = self._doubled()
        for work, billed in self.differences():
            if billed > work.amount and work.fact not in twice:
                yield work.currency, billed - work.amount

    def _too_little(self, code: str) -> Iterator[tuple[str, Decimal]]:
        for work, billed in self.differences():
            if work.project == code and billed < work.amount:
                yield work.currency, work.amount - billed

    def _twice(self, code: str) -> Iterator[tuple[str, Decimal]]:
        twice = self._doubled()
        for work, billed in self.differences():
            if work.project == code and work.fact in twice:
                yield work.currency, billed - work.amount

    def _doubled(self) -> set[str]:
        """Work on two lines that bill it."""
        lines = Counter(line.fact for line in self._books.lines() if line.fact and line.amount > 0)
        return {fact for fact, count in lines.items() if count > 1 and fact}

    def _misaddressed(self, code: str) -> Iterator[tuple[str, Decimal]]:
        job = self._records.external["job"].first(code)
        parent = (self._records.tables["job"].get(job) or {}).get("parent") or {}
        for line in self._books.lines():
            away = (line.invoice.get("customer") or {}).get("id") != parent.get("id")
            if line.job == job and away and line.fact is not None:
                yield str(line.invoice["currency"]), line.amount

    def _unbilled(self, code: str) -> Iterator[tuple[str, Decimal]]:
        billed = self._books.billed()
        for work in self._work():
            if work.project == code and work.fact not in billed:
                yield work.currency, work.amount

    def _posted(self, code: str) -> Iterator[tuple[str, Decimal]]:
        """What stands on invoices, and what is posted and on none."""
        billed = self._books.billed()
        for work in self._work():
            if work.project == code:
                yield work.currency, billed.get(work.fact, work.amount)

    def _beyond(self, code: str) -> Iterator[tuple[str, Decimal]]:
        """Work that no longer fits under the order's cap, what is billed first and then in the order of the work."""
        order = self._records.tables["salesorder"].get(self._records.external["salesorder"].first(f"CT-{code}")) or {}
        job, lines = self._records.external["job"].first(code), list(self._books.lines())
        if not order.get("custbody_cap"):
            return
        billed = {line.fact for line in lines}
        left = Decimal(str(order["custbody_cap"])) - sum((line.amount for line in lines if line.job == job), Decimal(0))
        for work in sorted(self._work(), key=lambda one: (one.day, one.fact)):
            if work.project == code and work.fact not in billed and work.amount:
                left -= work.amount
                if left < 0:
                    yield work.currency, work.amount

    def _released(self, code: str) -> Iterator[tuple[str, Decimal]]:
        """Postings of a project that name an invoice and are on none that stands."""
        job, billed = self._records.external["job"].first(code), self._books.billed()
        for work in self._work():
            keys = (*self._records.bills_for.keys(work.fact), *self._records.expenses_for.keys(work.fact))
            rows = [self._row(key, work.fact) for key in keys] if work.project == code else []
            if job and any(row.get("custcol_invoiced") for row in rows) and work.fact not in billed:
                yield work.currency, work.amount

    def _row(self, key: str, fact: str) -> Row:
        return self._records.tables["timebill" if fact.startswith("TE-") else "expensereport"].rows[key]

    def _stranded(self, code: str) -> Iterator[tuple[str, Decimal]]:
        """What the ERP took for a project before it was deleted there and has not billed. Work that was billed and
        changed since is no part of it: its invoice is wrong, whatever stands beside it.
        """
        project = self._records.tombstones.get(f"job:{code}")
        if project is None or self._records.external["job"].first(code) is not None:
            return
        billed = self._books.billed()
        for table, keys in (("timebill", self._records.bills_for), ("expensereport", self._records.expenses_for)):
            of_billed = {key for fact in billed for key in keys.keys(fact)}
            for key, row in self._records.tables[table].rows.items():
                here = (row.get("customer") or {}).get("id") == project["id"] and key not in of_billed
                if here and row.get("isBillable", True) and not row.get("custcol_invoiced"):
                    currency = row.get("custcol_currency") or row.get("currency") or project["currency"]
                    yield str(currency), worth(row) or Decimal(0)
