"""An open cause beside what a page counts itself: records and money as every page tells them; knows no Streamlit."""

from __future__ import annotations

from app.console.widgets import formats
from app.console.widgets.markup import Html, link
from app.readings.cases.rows import Cause

TIP = "Everything that is stuck for this cause, as Exceptions has it: here or elsewhere, billable yet or not"


def open_cause(cause: Cause, currency: str) -> Html:
    """`353 records · €260,569.03`, which leads to its cases."""
    amounts = [amount for amount in cause.money.values() if amount]
    money = formats.by_kind(cause.money, currency) if len(amounts) > 1 else formats.money(sum(amounts), currency)
    said = formats.plural(cause.records, "record")
    return link(f"{said} · {money}" if amounts else said, "/exceptions", cause=cause.cause)
