"""A vendor's row that names the very field it cannot read, so that drift is reported and never guessed away (S8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from pydantic import ValidationError

from models.canonical.events import CloudEvent
from models.domain.errors import TieoutError, Unmappable
from models.domain.money import Money
from models.domain.storable import storable

T = TypeVar("T")
NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
LONGEST = 40
"""Digits of the longest number."""
Rejected = tuple[str, Mapping[str, Any], Exception]


class Row:
    """Typed access to one vendor object. `sparse` vendors leave empty fields out, for others a missing field is drift;
    `textual` ones (XML, CSV, SuiteQL) write numbers and flags as text, for others text in place of a number is drift.

    Every accessor raises Unmappable with the path of the field; the `opt_` ones give None where the vendor sent null.
    """

    __slots__ = ("path", "raw", "sparse", "textual")

    def __init__(self, raw: object, path: str = "", sparse: bool = False, textual: bool = False) -> None:
        if not isinstance(raw, Mapping):
            raise Unmappable(
                f"{path or 'the row'} is {type(raw).__name__}, expected an object", path or "row", code="retyped-field"
            )
        self.raw: Mapping[str, Any] = raw
        self.path, self.sparse, self.textual = path, sparse, textual

    def opt_text(self, name: str) -> str | None:
        value = self._value(name)
        if value is None or value == "":
            return None
        if isinstance(value, str):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self._retyped(name, value, "text")

    def opt_decimal(self, name: str) -> Decimal | None:
        value = self._value(name)
        if value is None or value == "":
            return None
        readable = int | str | Decimal if self.textual else int | Decimal
        number = exact(value) if isinstance(value, readable) and not isinstance(value, bool) else None
        if number is None:
            raise self._retyped(name, value, "a number")
        return number

    def opt_flag(self, name: str) -> bool | None:
        value = self._value(name)
        if value is None or isinstance(value, bool):
            return value
        spoken = {"T": True, "F": False, "true": True, "false": False, "1": True, "0": False}
        if self.textual and isinstance(value, str) and value in spoken:
            return spoken[value]
        raise self._retyped(name, value, "true or false")

    def opt_instant(self, name: str) -> datetime | None:
        text = self.opt_text(name)
        try:
            found = datetime.fromisoformat(text) if text else None
            if found is not None and found.tzinfo is None:
                raise self._retyped(name, text, "a time with its zone")
            return found.astimezone(UTC) if found else None
        except (ValueError, OverflowError):
            raise self._retyped(name, text, "a time") from None

    def opt_day(self, name: str) -> date | None:
        text = self.opt_text(name)
        try:
            return date.fromisoformat(text[:10]) if text else None
        except ValueError:
            raise self._retyped(name, text, "a date") from None

    def opt_money(self, name: str, currency: str | None) -> Money | None:
        amount = self.opt_decimal(name)
        if amount is None:
            return None
        if not currency or len(currency) != 3 or not currency.isupper():
            raise Unmappable(
                f"{self._at(name)} has no currency of three capital letters", self._at(name), code="missing-currency"
            )
        return Money(amount=amount, currency=currency)

    def text(self, name: str) -> str:
        return self._needed(name, self.opt_text(name))

    def decimal(self, name: str) -> Decimal:
        return self._needed(name, self.opt_decimal(name))

    def flag(self, name: str) -> bool:
        return self._needed(name, self.opt_flag(name))

    def instant(self, name: str) -> datetime:
        return self._needed(name, self.opt_instant(name))

    def day(self, name: str) -> date:
        return self._needed(name, self.opt_day(name))

    def money(self, name: str, currency: str | None) -> Money:
        return self._needed(name, self.opt_money(name, currency))

    def choice(self, name: str, words: Mapping[str, T]) -> T | None:
        """The canonical word for a vendor's; None where the vendor has none."""
        text = self.opt_text(name)
        if text is None:
            return None
        if text not in words:
            raise Unmappable(
                f"{self._at(name)} is {text!r}, known are {', '.join(words)}", self._at(name), code="unknown-value"
            )
        return words[text]

    def child(self, name: str) -> Row:
        return Row(self._needed(name, self._value(name)), self._at(name), self.sparse, self.textual)

    def opt_child(self, name: str) -> Row | None:
        return None if self._value(name) is None else self.child(name)

    def children(self, name: str) -> list[Row]:
        value = self._value(name)
        if value is not None and not isinstance(value, list):
            raise self._retyped(name, value, "a list")
        return [Row(item, f"{self._at(name)}.{n}", self.sparse, self.textual) for n, item in enumerate(value or ())]

    def beyond(self, known: Collection[str]) -> list[str]:
        """Names of fields that this release does not know."""
        return [self._at(name) for name in self.raw if name not in known]

    def _value(self, name: str) -> Any:
        if name not in self.raw and not self.sparse:
            raise Unmappable(
                f"{self._at(name)} is missing: the vendor no longer sends it", self._at(name), code="missing-field"
            )
        return self.raw.get(name)

    def _needed(self, name: str, value: T | None) -> T:
        if value is None:
            raise Unmappable(f"{self._at(name)} is empty and cannot be", self._at(name), code="missing-field")
        return value

    def _at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _retyped(self, name: str, value: object, wanted: str) -> Unmappable:
        """Names the field and never the value: the message is shown to all, the row to those who may read it (G2)."""
        return Unmappable(
            f"{self._at(name)} came as {type(value).__name__}, expected {wanted}", self._at(name), code="retyped-field"
        )


@dataclass(slots=True)
class Reading:
    """What a page of vendor rows came to: events, and the rows that could not be read with the reason.

    `ignored` are paths of new vendor fields that an operator chose to leave unread (option ignore_fields).
    """

    ignored: frozenset[str] = frozenset()
    events: list[CloudEvent] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    _new: dict[str, tuple[Unmappable, list[str]]] = field(default_factory=dict)
    """New fields of the vendor, each with the error that tells of it and the rows that carry it."""

    def take(self, source_id: str, raw: object, make: Callable[[], CloudEvent | None]) -> None:
        """Keep the event of a row, or the row and why it gave none: whatever a row holds, it costs no neighbour."""
        try:
            event = make()
        except Exception as error:  # noqa: BLE001  what no mapping foresaw is a fault of this row alone
            self.rejected.append((source_id, jsonable(raw), self._perhaps_renamed(source_id, mapped(error))))
        else:
            self.seen.append(source_id)
            if event is not None:
                self.events.append(event)

    def drift(self, source_id: str, raw: object, unknown: Collection[str]) -> None:
        """Report a new vendor field, once a page with all rows that carry it; the row itself is still read, since all
        it needs is there.
        """
        for path in unknown:
            if path in self.ignored:
                continue
            if path not in self._new:
                self._new[path] = (Unmappable(_new_field(path, [source_id]), path, code="new-field"), [])
                self.rejected.append((source_id, jsonable(raw), self._new[path][0]))
            error, carriers = self._new[path]
            carriers.append(source_id)
            error.args = (_new_field(path, carriers),)

    def _perhaps_renamed(self, source_id: str, error: TieoutError) -> TieoutError:
        """A vanished field's error, with the fields that came in the same row: one of them may be its new name."""
        fresh = [path for path, (_, carriers) in self._new.items() if source_id in carriers[-1:]]
        if error.code == "missing-field" and fresh:
            error.args = (f"{error}; {', '.join(fresh)} came in the same row and may be its new name",)
        return error


SHOWN = 20
"""Rows that a new field's message names; it counts them all."""


def _new_field(path: str, carriers: Sequence[str]) -> str:
    named = ", ".join(carriers[:SHOWN]) + (" …" if len(carriers) > SHOWN else "")
    where = f", in {len(carriers)} rows ({named})" if len(carriers) > 1 else ""
    return f"{path} is new at the vendor and not read{where}: map it, or name it in option ignore_fields"


def object_of(raw: Any) -> Mapping[str, Any]:
    """A row of a list; one that is no object becomes one that misses every field, and is refused as such."""
    return raw if isinstance(raw, Mapping) else {"row": raw}


def exact(value: int | str | Decimal) -> Decimal | None:
    """A finite decimal of a size that can be written out, or None where the text is none.

    What only Python takes for a number is none: `1_5`, digits of other scripts.
    """
    if isinstance(value, str) and (len(value) > LONGEST or not NUMBER.fullmatch(value)):
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < LONGEST else None


def ignored(options: Mapping[str, Any]) -> frozenset[str]:
    """The option ignore_fields: paths as drift reports them, e.g. `time_entry.work_location`."""
    return frozenset(str(path) for path in options.get("ignore_fields", ()))


def mapped(error: Exception) -> TieoutError:
    """A schema's complaint as Unmappable with its path; what a mapping did not foresee, by its name."""
    if isinstance(error, TieoutError):
        return error
    if not isinstance(error, ValidationError):
        return Unmappable(f"the row cannot be mapped ({type(error).__name__})", "row")
    first = error.errors(include_url=False, include_input=False)[0]
    path = ".".join(str(part) for part in first["loc"]) or "row"
    return Unmappable(f"{path}: {first['msg']}", path, code="schema-violation")


def jsonable(raw: object) -> dict[str, Any]:
    """A row as JSON-ready values that every store keeps: exact numbers as text, nearly all else as it came."""
    plain = _plain(storable(raw))
    return plain if isinstance(plain, dict) else {"row": plain}


def _plain(value: object) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, date) else str(value)
