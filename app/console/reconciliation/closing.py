"""What of a month has still to be settled before it is closed, as a checklist; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from app.console.reconciliation.presenter import counts
from app.console.reconciliation.words import joint_of
from app.console.widgets import formats
from app.console.widgets.markup import Html, dot, joined, link, span
from app.readings.tieout.rows import Closing, Ending, Joint, Restated, Seen


def checklist(
    joints: Sequence[Joint], closing: Closing, systems: Sequence[Seen], ends: datetime | None, currency: str
) -> list[dict[str, object]]:
    """One line a thing to settle, what is done and what is left of it."""
    sums = counts(joints)
    early = [one.system for one in systems if one.read_at is None or ends is None or one.read_at < ends]
    return [
        _line("Every system was read after the month ended", not early, ", ".join(early) or "all were"),
        _line(
            "All work of the month is approved",
            not closing.unapproved_count,
            _left(closing.unapproved_count, closing.unapproved_reporting, currency, "item waits", "items wait"),
            "/billing",
        ),
        _line("Nothing is on its way", not sums["on_its_way"], _records(sums["on_its_way"])),
        _line("Nothing is unexplained", not sums["unexplained"], _records(sums["unexplained"])),
        _line("Every record of a target has a source or an owner", not sums["unowned"], _records(sums["unowned"])),
        _line("No case is open on it", not sums["cases"], _records(sums["cases"]), "/exceptions"),
        _line(
            "Nothing that could be billed is blocked",
            not closing.blocked_count,
            _left(closing.blocked_count, closing.blocked_reporting, currency, "item", "items"),
            "/billing",
        ),
        _line(
            "All that is ready is billed",
            not closing.ready_count,
            _left(closing.ready_count, closing.ready_reporting, currency, "item", "items"),
            "/billing",
        ),
        _line("Both sides of every joint balance", not sum(joint.unbalanced for joint in joints), "to the cent"),
    ]


def over(endings: Sequence[Ending]) -> datetime | None:
    """The moment at which a period is over for the last company that has it (UTC); None where nobody says."""
    named = [one for one in endings if one.legal_entity] or list(endings)
    nights = [datetime.combine(one.last + timedelta(days=1), time.min, ZoneInfo(one.zone)) for one in named if one.last]
    return max(nights).astimezone(UTC) if nights else None


def _line(what: str, done: bool, left: str, where: str = "") -> dict[str, object]:
    said = span("done" if done else "open", "t-good" if done else "t-warn")
    shown: object = span(left, "t-mute") if done else link(left, where) if where else left
    return {"done": joined([dot("good" if done else "warn"), said]), "what": span(what, "t-b"), "left": shown}


def _records(number: int) -> str:
    return formats.plural(number, "record") if number else "none"


def _left(number: int, money: Decimal, currency: str, one: str, many: str) -> str:
    return f"{formats.plural(number, one, many)}, {formats.money(money, currency)}" if number else "none"


def settled(rows: Sequence[dict[str, object]]) -> Html:
    """How far the month is, in a few words."""
    open_ = sum("open" in str(row["done"]) for row in rows)
    return span("ready to close" if not open_ else f"{formats.plural(open_, 'thing')} to settle", "t-mute")


def restated_rows(rows: Sequence[Restated]) -> list[dict[str, object]]:
    """Totals of a month that were sealed after its end and changed since, the newest first."""
    return [
        {
            "day": row.day,
            "joint": joint_of(row.entity),
            "firm": row.legal_entity or span("not known", "t-mute"),
            "why": row.reason,
        }
        for row in rows
    ]
