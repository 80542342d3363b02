"""The data class of every canonical field (G2, E4), carried as annotation metadata."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, get_args

from pydantic import BaseModel

from models.domain.money import Money


class DataClass(StrEnum):
    PUBLIC = "public"
    INTERNAL = "internal"
    LABOUR_RATE = "labour_rate"
    COMPENSATION = "compensation"
    CONTRACT_VALUE = "contract_value"
    PERSONAL = "personal"
    MOVES_MONEY = "moves_money"  # no secret, but it says how much, when, whether and by which company work is billed


OPEN = frozenset({DataClass.PUBLIC, DataClass.INTERNAL, DataClass.MOVES_MONEY})
"""Classes that are clear to everybody."""

LabourRate = Annotated[Money, DataClass.LABOUR_RATE]
Compensation = Annotated[Money, DataClass.COMPENSATION]
ContractValue = Annotated[Money, DataClass.CONTRACT_VALUE]
PersonalText = Annotated[str, DataClass.PERSONAL]
Billable = Annotated[bool, DataClass.MOVES_MONEY]
Company = Annotated[str, DataClass.MOVES_MONEY]
WorkDay = Annotated[date, DataClass.MOVES_MONEY]

MASK = "•••"


def field_class(model: type[BaseModel], name: str) -> DataClass:
    """The class of a field; internal unless annotated otherwise."""
    found = [m for m in _metadata(model.model_fields[name]) if isinstance(m, DataClass)]
    return found[0] if found else DataClass.INTERNAL


def sensitive_names(models: Iterator[type[BaseModel]] | list[type[BaseModel]]) -> Mapping[str, DataClass]:
    """Field names that are not clear to everybody in any of the models, with their class."""
    return {
        name: kind for model in models for name in model.model_fields if (kind := field_class(model, name)) not in OPEN
    }


def classes_of_names(models: Iterator[type[BaseModel]] | list[type[BaseModel]]) -> Mapping[str, frozenset[DataClass]]:
    """Field names that are of a class of their own in any of the models, with every class that one of them gives."""
    found: dict[str, frozenset[DataClass]] = {}
    for model in models:
        for name in model.model_fields:
            kind = field_class(model, name)
            if kind not in (DataClass.PUBLIC, DataClass.INTERNAL):
                found[name] = found.get(name, frozenset()) | {kind}
    return found


def masked(body: Any, hidden: Mapping[str, DataClass], allowed: frozenset[DataClass]) -> Any:
    """A copy of a JSON-ready body in which fields of a class that is not allowed read `•••`."""
    if isinstance(body, Mapping):
        return {
            key: MASK
            if key in hidden and hidden[key] not in allowed and value is not None
            else masked(value, hidden, allowed)
            for key, value in body.items()
        }
    if isinstance(body, list | tuple):
        return [masked(item, hidden, allowed) for item in body]
    return body


def _metadata(info: Any) -> Iterator[Any]:
    yield from info.metadata
    for argument in get_args(info.annotation):
        yield from getattr(argument, "__metadata__", ())
