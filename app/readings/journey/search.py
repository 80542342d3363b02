"""What a question names: ids, business keys and names as candidates to open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.readings import ids
from app.readings.journey.rows import Invoice, Item, Named, Project

MOST = 25
"""As many as a statement brings up (`journey.sql`)."""
PREFIXES = (
    "project",
    "customer",
    "resource",
    "time_entry",
    "expense",
    "charge_code",
    "contract",
    "opportunity",
    "milestone",
    "invoice",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something the search found: its kind, the key to open it with, and what it is in words. A case also says what it
    is about.
    """

    kind: str
    key: str
    title: str
    note: str
    about: str = ""


def asked(text: str | None) -> str:
    """The question without blanks and quotes."""
    return (text or "").strip().strip("'\"")


def keys(q: str) -> list[str]:
    """Business keys that a bare name may stand for: `PRJ-1001` is `project:PRJ-1001` and its like."""
    return [q, *(f"{prefix}:{q}" for prefix in PREFIXES)] if q else []


def name_of(key: str) -> str:
    """The bare name in a business key."""
    return key.partition(":")[2] or key


def found(
    named: Iterable[Named], projects: Sequence[Project], work: Iterable[Item], invoice: Iterable[Invoice]
) -> list[Candidate]:
    """What the search brought up, ids first; nothing twice."""
    listed = [_of_id(row) for row in named]
    listed += [Candidate("invoice", row.key, f"Invoice {row.key}", f"in {row.system}") for row in invoice]
    listed += _customers(projects)
    listed += [_of_project(row) for row in projects]
    listed += [_of_work(row) for row in work]
    return list({one.key: one for one in reversed(listed)}.values())[::-1]


def _customers(projects: Sequence[Project]) -> list[Candidate]:
    """The customer, where all projects found are of one."""
    known = {row.customer_key: row.customer_name for row in projects if row.customer_key}
    if len(known) != 1 or len(projects) < 2:
        return []
    return [
        Candidate("customer", f"customer:{key}", name or key, counted(len(projects), "project"))
        for key, name in known.items()
    ]


def _of_project(row: Project) -> Candidate:
    customer = row.customer_name or row.customer_key or ""
    return Candidate("project", f"project:{row.key}", f"{row.key} · {row.name or ''}", customer)


def _of_work(row: Item) -> Candidate:
    state = row.state.replace("_", " ").capitalize()
    return Candidate(row.kind, f"{_entity(row.kind)}:{row.key}", row.key, f"{row.project_key or ''} · {state}")


def _of_id(row: Named) -> Candidate:
    if row.kind == "case":
        note = f"{row.key}, {counted(row.records, 'failure')}"
        return Candidate("case", row.key, row.title or row.key, note, row.about or "")
    note = f"{counted(row.records, 'span' if row.kind == 'trace' else 'record')}, {row.flow or 'no flow'}"
    return Candidate(row.kind, row.key, row.about or row.key, note)


def counted(number: float, noun: str) -> str:
    """A count with its noun: `1 record`, `2,140 records`."""
    return f"{int(number):,} {noun}{'' if number == 1 else 's'}"


def _entity(kind: str) -> str:
    return {"time": "time_entry"}.get(kind, kind)


def chosen(q: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """The candidate to open at once: the exact one, or the only one."""
    exact = [one for one in candidates if q.casefold() in _names(one) or ids.compact(q) == one.key]
    return exact[0] if exact else candidates[0] if len(candidates) == 1 else None


def _names(one: Candidate) -> set[str]:
    return {text.casefold() for text in (one.key, name_of(one.key), one.title, ids.compact(one.key))}


def subject(case: Candidate) -> Candidate | None:
    """What a case is about, whose journey says how it came to be; a case of a whole flow has none."""
    return Candidate("object", case.about, case.about, "") if case.about else None
