"""How the console writes money, counts, ages and lags: one way each, short, with its unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from app.readings.masking import Masked
from models.domain.explanations import MONEY_KINDS

NONE = "–"
SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥"}
_STEPS = ((Decimal(1_000_000_000), "bn"), (Decimal(1_000_000), "M"), (Decimal(10_000), "k"))
_RANDOM = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_AGES = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))

Amount = Decimal | int | float | str | None
Shown = Amount | Masked
"""An amount, or the mask of one: what a reading has masked is written as its mask."""


def decimal(value: Amount) -> Decimal:
    """A stored amount as exact decimal; nothing is zero."""
    return Decimal(str(value)) if value not in (None, "") else Decimal(0)


def money(value: Shown, currency: str = "EUR") -> str:
    """To the cent, with its currency: `€12,345.60`, `CHF 12,345.60`."""
    if isinstance(value, Masked):
        return str(value)
    return NONE if value is None else _signed(decimal(value), currency, lambda amount: f"{amount:,.2f}")


def money_short(value: Shown, currency: str = "EUR") -> str:
    """For headlines, three or four digits: `€9,310`, `€128k`, `€1.28M`."""
    if isinstance(value, Masked):
        return str(value)
    return NONE if value is None else _signed(decimal(value), currency, _short)


def by_kind(amounts: Mapping[str, Decimal], currency: str) -> str:
    """Money at stake, each kind for itself: `billing blocked €340k · sold and not set up €517k`."""
    known = [(words, amounts.get(kind)) for kind, words in MONEY_KINDS.items() if kind != "none"]
    return " · ".join(f"{words} {money_short(amount, currency)}" for words, amount in known if amount)


def _signed(amount: Decimal, currency: str, written: Callable[[Decimal], str]) -> str:
    text = written(abs(amount))
    symbol = SYMBOLS.get(currency, f"{currency} ")
    minus = "−" if amount < 0 and text.strip("0.,") else ""
    return f"{minus}{symbol}{text}"


def _short(amount: Decimal) -> str:
    for step, unit in _STEPS:
        if amount >= step:
            scaled = amount / (1000 if unit == "k" else step)
            return (
                f"{scaled:,.2f}{unit}"
                if scaled < 10
                else f"{scaled:,.1f}{unit}"
                if scaled < 100
                else f"{scaled:,.0f}{unit}"
            )
    return f"{amount:,.0f}"


def count(value: int | float | Decimal | None) -> str:
    return NONE if value is None else f"{int(value):,}"


def part_of(before: int, shown: int, whole: int) -> str:
    """Which rows of a list are shown: `26–29 of 29`, `all 12`."""
    return f"all {count(whole)}" if shown == whole else f"{count(before + 1)}–{count(before + shown)} of {count(whole)}"


def plural(number: int | Decimal | float, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 failure`, `2,140 failures`."""
    return f"{count(number)} {one if int(number) == 1 else many or one + 's'}"


def percent(share: float | Decimal | Masked | None, digits: int = 1) -> str:
    """A share of one as per cent."""
    if isinstance(share, Masked):
        return str(share)
    return NONE if share is None else f"{float(share) * 100:.{digits}f}%".replace("-", "−")


def points(share: float | Decimal | Masked | None) -> str:
    """A difference of two shares in percentage points, signed."""
    if isinstance(share, Masked):
        return str(share)
    return NONE if share is None else f"{float(share) * 100:+.1f} pts".replace("-", "−")


def duration(seconds: float | Decimal | None) -> str:
    """A lag or a length in its two largest units: `0.4 s`, `42 s`, `3 min 5 s`, `2 d 4 h`; `−4 h 2 min` before time."""
    if seconds is None:
        return NONE
    if seconds < 0:
        return f"\N{MINUS SIGN}{duration(-seconds)}"
    whole = float(seconds)
    if whole < 10:
        return "< 1 ms" if 0 < whole < 0.001 else f"{whole * 1000:.0f} ms" if 0 < whole < 0.1 else f"{whole:.1f} s"
    parts: list[str] = []
    rest = int(whole)
    for size, unit in _AGES:
        if rest >= size and len(parts) < 2:
            parts.append(f"{rest // size} {unit}")
            rest %= size
        elif parts:
            break
    return " ".join(parts)


def age(seconds: float | None) -> str:
    """How old something is, in its largest unit alone: `3 d`, `4 h`, `12 s`."""
    if seconds is None:
        return NONE
    size, unit = next(((size, unit) for size, unit in _AGES if seconds >= size), (1, "s"))
    return f"{max(int(seconds), 0) // size} {unit}"


def since(then: datetime | None, now: datetime) -> str:
    """How long ago, or in how long: `3 h ago`, `in 2 d`."""
    if then is None:
        return NONE
    seconds = (now - then).total_seconds()
    return f"{age(seconds)} ago" if seconds >= 0 else f"in {age(-seconds)}"


def moment(then: datetime | None, zone: str | None = None, seconds: bool = False) -> str:
    """A point in time in the viewer's zone: `20 Nov 14:05`."""
    return NONE if then is None else f"{local(then, zone):%d %b %H:%M{':%S' if seconds else ''}}"


def local(then: datetime, zone: str | None) -> datetime:
    """The same instant in the viewer's zone; UTC where the browser names none we know."""
    try:
        return then.astimezone(ZoneInfo(zone or "UTC"))
    except (ZoneInfoNotFoundError, ValueError):
        return then.astimezone(ZoneInfo("UTC"))


ACRONYMS = frozenset({"crm", "erp", "hcm", "po", "ppm", "psa", "sow"})


def run_id(text: str) -> str:
    """Ours by its first eight characters, as anyone's random one; an engine's own number or name as it shows it."""
    return text[:8] if _RANDOM.fullmatch(text) else text if len(text) <= 24 else f"{text[:23]}…"


def words(code: str | None) -> str:
    """A code as words: `charge_code` and `charge-code` read `Charge code`."""
    if not code:
        return NONE
    said = code.replace("_", " ").replace("-", " ").strip().capitalize()
    return " ".join(word.upper() if word.lower() in ACRONYMS else word for word in said.split(" "))
