"""What a question names: ids, business keys and names as candidates to open; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.console.widgets import formats
from app.readings import ids

Row = Mapping[str, Any]
Rows = Sequence[Row]
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
    """Something the search found: its kind in words, the key to open it with, and what it is. A case also says what it
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


def found(by_id: Rows, projects: Rows, work: Rows, invoice: Rows) -> list[Candidate]:
    """What the search brought up, ids first; nothing twice."""
    listed = [_of_id(row) for row in by_id]
    listed += [Candidate("invoice", row["key"], f"Invoice {row['key']}", f"in {row['system']}") for row in invoice]
    listed += _customers(projects)
    listed += [
        Candidate(
            "project",
            f"project:{row['key']}",
            f"{row['key']} · {row['name'] or ''}",
            f"{row['customer_name'] or row['customer_key'] or ''}",
        )
        for row in projects
    ]
    listed += [
        Candidate(
            row["kind"],
            f"{_entity(row['kind'])}:{row['key']}",
            row["key"],
            f"{row['project_key'] or ''} · {formats.words(row['state'])}",
        )
        for row in work
    ]
    return list({one.key: one for one in reversed(listed)}.values())[::-1]


def _customers(projects: Rows) -> list[Candidate]:
    """The customer, where all projects found are of one."""
    known = {row["customer_key"]: row["customer_name"] for row in projects if row["customer_key"]}
    return (
        [
            Candidate("customer", f"customer:{key}", f"{name or key}", formats.plural(len(projects), "project"))
            for key, name in known.items()
        ]
        if len(known) == 1 and len(projects) > 1
        else []
    )


def _of_id(row: Row) -> Candidate:
    if row["kind"] == "case":
        return Candidate(
            "case",
            row["key"],
            row["title"],
            f"{row['key']}, {formats.plural(row['records'], 'failure')}",
            row["about"] or "",
        )
    note = (
        f"{formats.plural(row['records'], 'span' if row['kind'] == 'trace' else 'record')}, {row['flow'] or 'no flow'}"
    )
    return Candidate(row["kind"], row["key"], row["about"] or row["key"], note)


def _entity(kind: str) -> str:
    return {"time": "time_entry"}.get(kind, kind)


def chosen(q: str, candidates: Sequence[Candidate]) -> Candidate | None:
    """The candidate to open at once: the exact one, or the only one."""
    exact = [
        one
        for one in candidates
        if q.casefold() in {text.casefold() for text in (one.key, name_of(one.key), one.title, ids.compact(one.key))}
        or ids.compact(q) == one.key
    ]
    return exact[0] if exact else candidates[0] if len(candidates) == 1 else None


def subject(case: Candidate) -> Candidate | None:
    """What a case is about, whose journey says how it came to be; a case of a whole flow has none."""
    return Candidate("object", case.about, case.about, "") if case.about else None
