"""A payload before and after a step, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.console.widgets.markup import Column, Html, span, table
from app.readings.payload import ABSENT, Field


def field_table(fields: Sequence[Field], before: str = "Before", after: str = "After") -> Html:
    """Field, before, after, with what changed marked; without a heading for `before`, one side alone."""
    columns = [Column("path", "Field"), *([Column("before", before)] if before else []), Column("after", after)]
    rows = [
        {
            "path": span(field.path, "t-mono"),
            "before": _side(field.before, field.changed, "t-old"),
            "after": _side(field.after, field.changed, "t-new"),
        }
        for field in fields
    ]
    return table(columns, rows)


def _side(content: Any, changed: bool, mark: str) -> Html:
    if content == ABSENT:
        return span(ABSENT, "t-mute")
    text = "empty" if content is None or content == "" else str(content)
    return span(text, "t-cut", mark if changed else "", "t-mute" if content in (None, "") else "")
