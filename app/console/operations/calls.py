"""Calls of today and what is left of them, beside the circuits; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.console.widgets import formats
from app.console.widgets.markup import Column
from app.readings.operations.rows import Calls

CALLS = (Column("calls", "Calls today", "right"), Column("left", "Left today", "right"))


def with_calls(
    rows: Sequence[Mapping[str, object]], calls: Mapping[str, Calls], systems: Sequence[str]
) -> list[dict[str, object]]:
    """The rows of these systems with what was called of each today (UTC), and how many calls its quota leaves."""
    return [{**row, **_told(calls.get(system))} for row, system in zip(rows, systems, strict=True)]


def _told(one: Calls | None) -> dict[str, object]:
    if one is None:
        return {"calls": formats.count(0), "left": formats.NONE}
    by_vendor = (one.used is not None and f" ({formats.count(one.used)} by the vendor)") or ""
    left = formats.NONE if one.left is None else f"{formats.count(one.left)} of {formats.count(one.allowed)}"
    return {"calls": f"{formats.count(one.calls)}{by_vendor}", "left": left}
