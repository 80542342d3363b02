"""When a log record says that it happened: ISO 8601, numbers since 1970, or forms that its format gives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST_US = 4_102_444_800_000_000  # 2100-01-01: beyond it a time is a unit error, not a time
_EARLIEST = 100_000_000  # in seconds: a smaller number is a date without dashes, or a duration
_UNITS = ((1e11, 1_000_000), (1e14, 1_000), (1e17, 1))  # seconds, ms, µs by their size; larger ones are ns
_HALF_A_YEAR = timedelta(days=183)


class Moments:
    """Reads times; `forms` are those of strptime, `zone` is that of times which name none."""

    def __init__(self, forms: Sequence[str], zone: ZoneInfo | None) -> None:
        self._forms, self._zone = tuple(forms), zone

    def micros(self, value: Any, now: datetime) -> int:
        """µs since 1970. Of an hour that clocks repeat the first is meant; a time without a year is of the year that
        brings it nearest to `now`. Raises ValueError with a sentence.
        """
        if isinstance(value, str) and not value.isdecimal():
            found = self._of_text(value, now)
        elif isinstance(value, str | int | float) and not isinstance(value, bool):
            found = _of_number(int(value[:20]) if isinstance(value, str) else value)
        else:
            raise ValueError(f"the time is {type(value).__name__}, not text or a number")
        if not 0 <= found < _LATEST_US:
            raise ValueError(f"the time {str(value)[:40]!r} is not between 1970 and 2100")
        return found

    def _of_text(self, text: str, now: datetime) -> int:
        moment = self._parsed(text, now)
        if moment.tzinfo is None:
            if self._zone is None:
                raise ValueError(f"the time {text[:40]!r} names no zone: give the source one in logs.toml")
            moment = moment.replace(tzinfo=self._zone)
        since = moment - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def _parsed(self, text: str, now: datetime) -> datetime:
        for form in ("", *self._forms):
            try:
                return _of_form(text, form, now) if form else datetime.fromisoformat(text)
            except ValueError:
                continue  # perhaps of the next form
        try:
            return _EPOCH + timedelta(microseconds=_of_number(float(text)))
        except (ValueError, OverflowError):
            raise ValueError(f"the time {text[:40]!r} cannot be read: give the format its form in `times`") from None


def _of_number(number: int | float) -> int:
    if not _EARLIEST <= number < 1 << 63:
        raise ValueError(f"the time {number} is no number since 1970")
    whole = int(number)
    for limit, micros in _UNITS:
        if whole < limit:
            return whole * micros + round((number - whole) * micros)
    return whole // 1_000


def _of_form(text: str, form: str, now: datetime) -> datetime:
    if "%Y" in form or "%y" in form:
        return datetime.strptime(text, form)
    near = []
    for year in (now.year - 1, now.year, now.year + 1):
        try:
            near.append(datetime.strptime(f"{year} {text}", f"%Y {form}"))
        except ValueError:
            continue  # the 29th of February, in a year that has none
    within = [one for one in near if abs(one.replace(tzinfo=None) - now.replace(tzinfo=None)) <= _HALF_A_YEAR]
    if not within:
        raise ValueError(f"{text[:40]!r} is of no year near this one")
    return within[0]
