"""Which changes were made at which moment of a record's life, as a table that a person reads."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from tests.acceptance.moving_world.books import Books
from tests.acceptance.moving_world.oracle import Fact
from tests.acceptance.moving_world.people import MOVES, Kind, People

BEFORE, POSTED, INVOICED, CLOSED = MOMENTS = ("before posting", "posted", "invoiced", "in a closed month")
NO_RECORD = "there is no such record yet"
REFUSED = "the ERP refuses it: it is on an invoice"
NEW = "what is made only then is not posted yet"
NOT_LOST = "what an invoice bills is credited, not written off"
ONE_WAY = "a month is closed once, and only a closed one reopened"
FEW = 30
"""So many empty cells are named, the first of them."""
MANY = 60
"""Of more empty cells than that none is rare."""


def moment_of(facts: Iterable[Fact], closed: bool) -> str:
    """When in the life of its work a change is made: the latest moment that any of it has reached."""
    held = list(facts)
    if closed:
        return CLOSED
    return INVOICED if any(fact.lines for fact in held) else POSTED if any(fact.postings for fact in held) else BEFORE


def impossible(kind: Kind, moment: str) -> str | None:
    """Why nobody can do this at that moment."""
    if kind.record.endswith("posting") and moment in (BEFORE, INVOICED):
        return NO_RECORD if moment == BEFORE else REFUSED
    if kind.record == "invoice" and moment in ((BEFORE, INVOICED) if kind.verb == "create" else (BEFORE, POSTED)):
        return REFUSED if moment == INVOICED else NO_RECORD
    if kind.record == "PSA invoice" and kind.verb in ("cancel", "pay") and moment in (BEFORE, POSTED):
        return NO_RECORD
    if kind.record in ("time entry", "expense", "sale") and kind.verb.startswith("create"):
        # What is booked now may be of a month that is closed; what is sold now has no work yet.
        return NEW if moment in (POSTED, INVOICED) or (kind.record, moment) == ("sale", CLOSED) else None
    if (kind.record, kind.verb, moment) == ("write-off", "create", INVOICED):
        return NOT_LOST
    if kind.record == "period":
        return ONE_WAY if (kind.verb == "close") == (moment == CLOSED) else None
    return None


class Lives:
    """At which moment of its life each piece of work and each project is; what is neither is at any."""

    def __init__(self, books: Books, people: People) -> None:
        of: dict[str, list[Fact]] = defaultdict(list)
        for fact in books.facts.values():
            of[fact.key].append(fact)
            of[fact.project or (fact.postings[0].project if fact.postings else "")].append(fact)
        for code in books.sales:
            of.setdefault(code, [])
        self._moments = {subject: moment_of(facts, _closed(facts, people)) for subject, facts in of.items()}

    def at(self, moment: str) -> frozenset[str]:
        return frozenset(subject for subject, at in self._moments.items() if at == moment)

    def moment(self, subject: str) -> str | None:
        return self._moments.get(subject)


def _closed(facts: Iterable[Fact], people: People) -> bool:
    """Whether the newest day of the work lies in a closed month."""
    days = [fact.day or fact.postings[0].day for fact in facts if fact.day or fact.postings]
    return bool(days) and people.is_closed(max(days)[:7])


class Matrix:
    """Counts of record type × verb × moment; `rare` are the places in `cells` of those that are gone for."""

    def __init__(self, rare: frozenset[int] = frozenset()) -> None:
        self._made: Counter[tuple[Kind, str]] = Counter()
        self._rare = rare
        self.cells = [(kind, moment) for kind in MOVES for moment in MOMENTS if not impossible(kind, moment)]

    def note(self, kind: Kind, moment: str) -> None:
        self._made[kind, moment] += 1

    def add(self, other: Matrix) -> None:
        """What was changed in another firm, too."""
        self._made += other._made

    @property
    def weights(self) -> list[float]:
        """How likely each cell is to be tried: the emptier the likelier, and what is rare before all others."""
        made = [self._made[cell] for cell in self.cells]
        return [8.0 if at in self._rare and not made[at] else 1 / (1 + made[at]) ** 2 for at in range(len(made))]

    def rare(self) -> frozenset[int]:
        """The cells that are still empty, once they are few."""
        empty = frozenset(at for at, cell in enumerate(self.cells) if not self._made[cell])
        return empty if len(empty) <= MANY else frozenset()

    @property
    def total(self) -> int:
        return self._made.total()

    def empty(self) -> list[str]:
        """Cells in which something can be done, and nothing was."""
        return [f"{kind.record}: {kind.verb} {moment}" for kind, moment in self.cells if not self._made[kind, moment]]

    def __str__(self) -> str:
        head = f"{'':44}" + "".join(f"{moment:>19}" for moment in MOMENTS)
        rows = [
            f"{kind.record + ': ' + kind.verb:44}" + "".join(self._cell(kind, moment) for moment in MOMENTS)
            for kind in sorted(MOVES, key=lambda kind: (kind.record, kind.verb))
        ]
        reasons = "; ".join(sorted({why for kind in MOVES for moment in MOMENTS if (why := impossible(kind, moment))}))
        empty = self.empty()
        told = f"{self.total} changes, {len(empty)} of {len(self.cells)} cells empty (-: {reasons})"
        return "\n".join([head, *rows, told, *(f"still empty: {cell}" for cell in empty[:FEW])])

    def _cell(self, kind: Kind, moment: str) -> str:
        return f"{'-' if impossible(kind, moment) else self._made[kind, moment]:>19}"
