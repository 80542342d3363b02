"""What a viewer may not read is masked here, in rows and in payloads, before anything is drawn or printed (G2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

from app.readings.clear import is_clear, opened
from app.readings.rights import amount_class
from models.canonical.classification import MASK, DataClass
from models.canonical.field_classes import class_of


class Masked:
    """An amount that the viewer may not read. What is computed from it is masked too, and it has no order: neither a
    sum nor a colour can tell what it hides.
    """

    __slots__ = ()

    def _absorb(self, other: Decimal | Masked | int = 0) -> Masked:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _absorb

    def __neg__(self) -> Masked:
        return self

    __abs__ = __neg__

    def __str__(self) -> str:
        return MASK

    __repr__ = __str__

    def __reduce__(self) -> str:
        return "MASKED"


MASKED = Masked()
Amount = Decimal | Masked


@dataclass(frozen=True, slots=True)
class OfKind:
    """Marks an amount whose class depends on what the row is about: the column that names it, see `amount_class`."""

    column: str


LabourRate = Annotated[Amount, DataClass.LABOUR_RATE]
ContractValue = Annotated[Amount, DataClass.CONTRACT_VALUE]
AmountOfKind = Annotated[Amount, OfKind("kind")]
AmountOfEntity = Annotated[Amount, OfKind("entity")]
AmountOfSubject = Annotated[Amount, OfKind("subject_entity")]

Row = TypeVar("Row")


def masked_rows(row: type[Row], answers: Iterable[Mapping[str, Any]], clear: frozenset[DataClass]) -> tuple[Row, ...]:
    """The answers as frozen rows, what is not in `clear` masked. A field says its class as `Annotated[…, DataClass]`,
    or by OfKind.

    Raises TypeError where a statement's columns are not the row's fields.
    """
    fields: Any = row
    found = marks(fields).items()
    fixed = tuple(name for name, mark in found if isinstance(mark, DataClass) and not is_clear(mark, clear))
    varying = tuple((name, mark.column) for name, mark in found if isinstance(mark, OfKind))
    lists = _lists(fields)
    return tuple(
        row(**{**answer, **_hidden(answer, fixed, varying, clear), **_frozen(answer, lists)}) for answer in answers
    )


@cache
def _lists(row: Any) -> tuple[str, ...]:
    """Fields that hold several values."""
    hints = get_type_hints(row)
    return tuple(
        name for name, hint in hints.items() if any(get_origin(part) is tuple for part in (hint, *get_args(hint)))
    )


def _frozen(answer: Mapping[str, Any], lists: tuple[str, ...]) -> dict[str, Any]:
    return {name: tuple(answer[name]) for name in lists if answer.get(name) is not None}


def _hidden(
    answer: Mapping[str, Any],
    fixed: tuple[str, ...],
    varying: tuple[tuple[str, str], ...],
    clear: frozenset[DataClass],
) -> dict[str, Any]:
    hidden = {name: MASKED for name in fixed if answer[name] is not None}
    for name, column in varying:
        hidden[name] = opened(answer[name], amount_class(answer[column]), clear, MASKED)
    return hidden


@cache
def marks(row: type[Any]) -> Mapping[str, DataClass | OfKind]:
    """Fields of a row type that are of a class of their own, with the mark that says which."""
    hints = get_type_hints(row, include_extras=True)
    found = {
        name: [mark for mark in _metadata(hint) if isinstance(mark, DataClass | OfKind)] for name, hint in hints.items()
    }
    return {name: listed[0] for name, listed in found.items() if listed}


def _metadata(hint: Any) -> Iterator[Any]:
    """Also of what stands in a union: `LabourRate | None`."""
    yield from getattr(hint, "__metadata__", ())
    for part in get_args(hint):
        yield from _metadata(part)


def readable(name: str, clear: frozenset[DataClass]) -> bool:
    """Whether the field of a payload with this name may be read."""
    return is_clear(class_of(name), clear)


def value(name: str, content: Any, clear: frozenset[DataClass]) -> Any:
    """One field's value, or `•••`; each part of a dotted path counts, so that `cost_rate.amount` is hidden too."""
    parts = name.split(".")
    for at in range(len(parts)):
        if opened(content, class_of(".".join(parts[: at + 1])), clear, MASK) is not content:
            return MASK
    return content
