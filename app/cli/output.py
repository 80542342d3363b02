"""Rows printed as a table, CSV or JSON. Money and times are text in CSV and JSON, so that nothing is rounded on the
way.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.cli.inert import cell, shown
from models.domain.secrets import without_secrets

LONGEST_KEY = 36
"""Characters of the longest id, amount or time. Half of one helps nobody, so a narrow terminal shortens what is longer.
"""

GAP = 2
PRINTED = (str, int, float, list, tuple, dict, type(None))
"""What prints as it is; everything else, a mask for one, prints as its text."""


class Format(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


def print_rows(rows: Sequence[Mapping[str, Any]], form: Format, empty: str = "no rows") -> None:
    """Print rows to standard output in the form asked for; `empty` is the table's sentence for none."""
    {Format.json: _json, Format.csv: _csv}.get(form, lambda r: _table(r, empty))(rows)


def fail(message: str, status: int = 1) -> SystemExit:
    """An exit that has said why on standard error."""
    print(without_secrets(message), file=sys.stderr)
    return SystemExit(status)


def plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, frozenset):
        return sorted(value)
    return value if isinstance(value, PRINTED) else str(value)


def _json(rows: Sequence[Mapping[str, Any]]) -> None:
    print(json.dumps([dict(row) for row in rows], default=plain, ensure_ascii=False))


def _csv(rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({key: _text(value) for key, value in row.items()} for row in rows)


def _text(value: Any) -> Any:
    """A cell of a file; what has parts is JSON in it."""
    parts = isinstance(value, list | dict | tuple | frozenset)
    if isinstance(value, str):
        return cell(value)
    return json.dumps(plain(value), default=plain, ensure_ascii=False) if parts else plain(value)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None else shown(str(plain(value)))


def _table(rows: Sequence[Mapping[str, Any]], empty: str) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not rows:
        print(empty)
        return
    cells = [[_cell(value) for value in row.values()] for row in rows]
    needed = [max(len(name), *(len(row[at]) for row in cells)) for at, name in enumerate(rows[0])]
    widths = _fitted(needed, Console().width) if sys.stdout.isatty() else needed
    table = Table(box=None, header_style="bold", pad_edge=False)
    for (name, value), width in zip(rows[0].items(), widths, strict=True):
        table.add_column(
            name,
            justify="right" if isinstance(value, int | float | Decimal) else "left",
            overflow="ellipsis",
            no_wrap=True,
            width=width,
        )
    for row in cells:
        table.add_row(*map(escape, row))
    Console(width=sum(widths) + GAP * len(widths), emoji=False).print(table)


def _fitted(needed: Sequence[int], room: int) -> list[int]:
    """Widths of columns that fit the room where they can: sentences are shortened, ids, amounts and times never."""
    short = sum(width for width in needed if width <= LONGEST_KEY)
    sentences = sum(width > LONGEST_KEY for width in needed)
    share = max(LONGEST_KEY, (room - short - GAP * len(needed)) // max(sentences, 1))
    return [width if width <= LONGEST_KEY else min(width, share) for width in needed]
