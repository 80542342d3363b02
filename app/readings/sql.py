"""Answers to SQL that somebody wrote by hand: of views masked by who asks, what is sealed masked until it is asked for.

By hand a sum can be made of one thing, so whoever is not cleared for rates or contract values sees no money of a mart;
their pages have the sums that are everybody's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from app.readings.clear import opened_row
from app.readings.payload import masked_body
from app.readings.scope import RATES, shadowed
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.canonical.classification import MASK, DataClass
from models.keys.sealing import masked_text
from models.lake.read_only import sources
from models.marts.definitions import published

LONGEST = 500
"""Characters that are kept of what was asked."""
MONEY = re.compile(r"currency$|^share of revenue$")
"""Units of a mart's money, and of margins."""
WITHHELD = frozenset({DataClass.LABOUR_RATE, DataClass.CONTRACT_VALUE})
STORED = {name: {"amount": "DECIMAL(18,2)"} for name in ("records", "runs", "findings", "write_offs")}
"""Amounts of one thing in the lake and the journal, with their SQL types."""
_COUNT = re.compile(r"count\(\s*\*\s*\)", re.IGNORECASE)
_NO_VALUES = re.compile(r"\s*(describe|desc|show|explain)\b", re.IGNORECASE)


def masked_statement(sql: str, viewer: Viewer) -> tuple[str, tuple[str, ...]]:
    """The statement over views that show no money that this viewer is not cleared for, and the columns that are empty
    in them.

    Raises what `shadowed` does where it would have to hide something.
    """
    if not WITHHELD - viewer.clear or _NO_VALUES.match(sql):
        return sql, ()
    hidden = {name: found for name in sources(sql) if (found := _money(name))}
    masked = shadowed(sql.strip(), lambda source: _view(source, hidden[source]) if source in hidden else None)
    return masked, tuple(f"{source}.{name}" for source in sorted(hidden) for name in hidden[source])


def seen(sql: str, clear: frozenset[DataClass]) -> tuple[str, ...]:
    """The money of one thing that the statement asks for and that one cleared for these classes sees, by column; also
    what it would only have summed: nobody can tell by looking at it.
    """
    if not WITHHELD & clear or _NO_VALUES.match(sql):
        return ()
    words, everything = set(re.findall(r"\w+", sql.lower())), "*" in _COUNT.sub("", sql)
    found = {name: _money(name) for name in sources(sql)}
    return tuple(
        f"{source}.{name}"
        for source in sorted(found)
        for name in found[source]
        if everything or name in words or "columns" in words
    )


def _view(source: str, hidden: Mapping[str, str]) -> str:
    empty = ", ".join(f"NULL::{kind} AS {name}" for name, kind in hidden.items())
    return f"SELECT * REPLACE ({empty}) FROM main.{source}"


def _money(source: str) -> Mapping[str, str]:
    """Columns of a source that tell a rate or a value, with their SQL types."""
    plain = source.rpartition(".")[2]
    if plain in RATES or plain not in published():
        return STORED.get(plain, {})
    columns = published()[plain].columns
    return {one.name: one.kind for one in columns if MONEY.search(one.unit or "")}


def shown_rows(stores: Stores, rows: Iterable[Mapping[str, Any]], clear: frozenset[DataClass]) -> list[dict[str, Any]]:
    """The rows as one cleared for these classes reads them. A cell that is JSON is masked field by field, by the names
    in it; what was taken out of an earlier release's body by hand has no name any more, and stays.
    """
    opened = (opened_row(stores, row, clear) for row in rows) if clear else rows
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
