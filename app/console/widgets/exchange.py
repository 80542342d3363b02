"""Which exchange rates stand behind figures in the reporting currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.console.widgets import formats


def rates_line(rates: Sequence[Mapping[str, Any]], currency: str) -> str:
    """Which exchange rates stand behind the figures."""
    others = [row for row in rates if row["currency"] != currency]
    if not others:
        return f"All amounts in {currency}."
    listed = ", ".join(f"1 {row['currency']} = {formats.decimal(row['rate']):.4f} {currency}" for row in others)
    days = sorted({str(row["as_of"])[:10] for row in others})
    return f"All amounts in {currency} at {listed} (rates of {', '.join(days)})."
