"""Answers to SQL that somebody wrote by hand: masked as a page of the console is, until clear values are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from app.readings.clear import audit, opened_row
from app.readings.journey.trace import NotCleared
from app.readings.payload import masked_body
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.canonical.classification import MASK, DataClass
from models.domain.errors import Misconfigured
from models.keys.sealing import masked_text

LONGEST = 500
"""Characters that are kept of what was asked."""


def asked_clear(stores: Stores, viewer: Viewer, query: str, reason: str) -> frozenset[DataClass]:
    """The classes that this viewer sees clear; that they asked, what and why is in the audit lake first.

    Raises NotCleared for whoever may not see clear values, Misconfigured without a reason.
    """
    if not reason.strip():
        raise Misconfigured("say why with --reason: it is kept in the audit lake")
    if why_not := viewer.why_not(Action.REVEAL):
        raise NotCleared(why_not)
    audit(stores, viewer, "clear_values_shown", "sql", asked=query[:LONGEST], reason=reason)
    return viewer.clear


def shown_rows(stores: Stores, rows: Iterable[Mapping[str, Any]], clear: frozenset[DataClass]) -> list[dict[str, Any]]:
    """The rows as one cleared for these classes reads them. A cell that is JSON is masked field by field, by the names
    in it; what was taken out of an earlier release's body by hand has no name any more, and stays.
    """
    opened = (opened_row(stores, row) for row in rows) if clear else rows
    return [{name: _shown(value, clear) for name, value in row.items()} for row in opened]


def _shown(value: Any, clear: frozenset[DataClass]) -> Any:
    if not isinstance(value, str):
        return value
    if value[:2] not in ('{"', "[{"):
        return masked_text(value, MASK)
    try:
        body = json.loads(value)
    except ValueError:
        return masked_text(value, MASK)
    masked = masked_body(body, clear)
    return value if masked == body else json.dumps(masked, ensure_ascii=False)
