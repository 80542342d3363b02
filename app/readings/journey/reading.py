"""Everything that happened to one thing: found by any of its names, shown by its records, spans and holdings (O2).

Clear values are shown to who is cleared and asked for them; whoever asks has that audited (`clear.audit`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.readings import ids
from app.readings.clear import cleared, opened
from app.readings.journey import search
from app.readings.journey.rows import (
    Holding,
    Holdings,
    Invoice,
    Item,
    Latest,
    LogLine,
    Named,
    Project,
    Span,
    Step,
    Trail,
    Work,
)
from app.readings.journey.search import Candidate
from app.readings.masking import MASKED, masked_rows
from app.readings.payload import changes, masked_body
from app.readings.reading import answers, rows
from app.readings.rights import amount_class
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.canonical.classification import DataClass
from models.sql_statements import statements

_MONEY = re.compile(r"-?\d+(\.\d+)?")
SQL = statements(Path(__file__).with_name("journey.sql"))


def latest(stores: Stores, viewer: Viewer) -> tuple[Latest, ...]:
    """Journeys that ended lately, to begin with."""
    return rows(stores, viewer, SQL["latest"], Latest)


def candidates(stores: Stores, viewer: Viewer, q: str) -> tuple[Candidate, ...]:
    """What a question names: an id or its first digits, a business key, a code, a customer.

    What is found by a whole id is all that it names: nobody looks for it in the words of everything.
    """
    bare, named = search.name_of(q), _named(stores, viewer, q)
    if named and ids.is_id(ids.compact(q)):
        return tuple(search.found(named, (), (), ()))
    work = rows(stores, viewer, SQL["work"], Item, q=bare, like=f"%{bare}%")
    found = search.found(named, projects(stores, viewer, bare), work, invoice(stores, viewer, bare))
    return tuple(found)


def exact(stores: Stores, viewer: Viewer, q: str) -> tuple[Candidate, ...]:
    """What a whole id or business key names, by equality alone: as quick beside much history as beside little."""
    return tuple(search.found(_named(stores, viewer, q), (), (), ()))


def _named(stores: Stores, viewer: Viewer, q: str) -> tuple[Named, ...]:
    return (*_by_id(stores, viewer, q), *_by_name(stores, viewer, q))


def _by_id(stores: Stores, viewer: Viewer, q: str) -> tuple[Named, ...]:
    digits = ids.compact(q)
    if ids.is_id(digits):
        return rows(stores, viewer, SQL["ids"], Named, q=digits)
    return rows(stores, viewer, SQL["prefixes"], Named, q=digits) if ids.is_prefix(digits) else ()


def _by_name(stores: Stores, viewer: Viewer, q: str) -> tuple[Named, ...]:
    return () if ids.is_id(q) else rows(stores, viewer, SQL["objects"], Named, q=q, keys=search.keys(q))


def projects(stores: Stores, viewer: Viewer, word: str) -> tuple[Project, ...]:
    """Projects by code, name or customer."""
    return rows(stores, viewer, SQL["projects"], Project, q=word, like=f"%{word}%")


def steps(stores: Stores, viewer: Viewer, one: Candidate, clear: bool = False) -> tuple[Step, ...]:
    """Every record of the journeys that touch it, in order, at most the last 1,000.

    One column is looked up, the one its kind names: that is what keeps it quick.
    """
    asked = {"key": one.key, "correlations": _trails(stores, viewer, one)}
    found, whole = answers(stores, viewer, SQL["steps"], asked), cleared(viewer, clear)
    if not viewer.bounded:
        return tuple(step_of(row, whole) for row in found)
    return tuple(step_of(row, cleared(viewer, clear, stores.catalogue.domain_of(row["flow"]))) for row in found)


def _trails(stores: Stores, viewer: Viewer, one: Candidate) -> list[str]:
    if one.kind == "correlation":
        return [one.key]
    named = SQL.get(f"trails_of_{one.kind}", SQL["trails_of_object"])
    return [row.correlation_id for row in rows(stores, viewer, named, Trail, key=one.key)]


def step_of(row: Mapping[str, Any], clear: frozenset[DataClass]) -> Step:
    """A record as one cleared for these classes reads it."""
    body, about = _parsed(row["body"]), str(row["entity"] or row["business_key"] or "").partition(":")[0]
    told = dict(row)
    amount, shut = told["amount"], told.pop("sealed_amount", None)
    if shut is not None:
        amount = Decimal(shut) if _MONEY.fullmatch(shut) else MASKED
    if row["kind"] != "finding":  # a case's amount is a sum over many
        amount = opened(amount, amount_class(about), clear, MASKED)
    both = isinstance(body, Mapping) and "before" in body and "after" in body
    changed = changes(body["before"], body["after"]) if both else frozenset[str]()
    return Step(**{**told, "amount": amount, "body": masked_body(body, clear, about), "changed": changed})


def _parsed(text: Any) -> Any:
    """JSON as values; text that is no JSON stays text."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def spans(stores: Stores, viewer: Viewer, trace_id: str, clear: bool = False) -> tuple[Span, ...]:
    """The spans of a trace by their start, whoever sent them, at most 3,000."""
    classes, found = cleared(viewer, clear), answers(stores, viewer, SQL["spans"], {"trace": trace_id})
    return tuple(Span(**{**row, "attributes": _attributes(row["attributes"], classes)}) for row in found)


def _attributes(text: str | None, clear: frozenset[DataClass]) -> Mapping[str, Any]:
    body = _parsed(text or "{}")
    masked = masked_body(body if isinstance(body, Mapping) else {"attributes": body}, clear)
    return dict(masked)


def logs(stores: Stores, viewer: Viewer, trace_id: str) -> tuple[LogLine, ...]:
    """The log lines of a trace by their time, at most 300."""
    return rows(stores, viewer, SQL["logs"], LogLine, trace=trace_id)


def holdings(stores: Stores, viewer: Viewer, one: Candidate, clear: bool = False) -> Holdings:
    """What each system holds for it now, and where they differ."""
    name, classes = search.name_of(one.key), cleared(viewer, clear)
    asked = {"names": [one.key, name], "posting": f"{name}-v"}
    return holdings_of(answers(stores, viewer, SQL["held"], asked), classes)


def holdings_of(found: list[dict[str, Any]], clear: frozenset[DataClass]) -> Holdings:
    """These observations as one cleared for these classes reads them."""
    bodies = [_parsed(row["fields"] or "{}") if row["present"] else {} for row in found]
    held: dict[str, set[str]] = {}
    for body in bodies:
        for path, value in body.items():
            if value is not None:
                held.setdefault(path, set()).add(json.dumps(value, sort_keys=True))
    seen = tuple(
        Holding(**{**row, "fields": masked_body(body, clear, row["entity"])})
        for row, body in zip(found, bodies, strict=True)
    )
    return Holdings(seen, frozenset(path for path, values in held.items() if len(values) > 1))


def invoice(stores: Stores, viewer: Viewer, number: str, clear: bool = False) -> tuple[Invoice, ...]:
    """The invoice of this number as the ERP showed it last, if there is one."""
    classes = cleared(viewer, clear)
    return tuple(invoice_of(row, classes) for row in answers(stores, viewer, SQL["invoice"], {"q": number}))


def invoice_of(row: Mapping[str, Any], clear: frozenset[DataClass]) -> Invoice:
    """An observed invoice as one cleared for these classes reads it."""
    return Invoice(**{**row, "fields": masked_body(_parsed(row["fields"] or "{}"), clear, "invoice")})


def work(stores: Stores, viewer: Viewer, project: str, clear: bool = False) -> tuple[Work, ...]:
    """Time, expenses and milestones of a project, the stuck ones first, at most 100."""
    found = answers(stores, viewer, SQL["of_project"], {"project": project})
    return masked_rows(Work, found, cleared(viewer, clear))
