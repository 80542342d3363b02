"""Canonical values out of the JSON that runs and facts carry."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from models.canonical.schemas import Canonical
from models.domain.errors import Unmappable

Shaped = TypeVar("Shaped", bound=Canonical)


def shaped(schema: type[Shaped], body: Mapping[str, Any]) -> Shaped:
    """The canonical value in a body that may carry working keys beside it.

    Raises Unmappable with the path of the first field that does not fit.
    """
    try:
        return schema.model_validate(fields_of(schema, body))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise Unmappable(
            f"{schema.entity} at {path}: {first['msg']}; correct it at the source or in the replay", path
        ) from error


def fields_of(schema: type[Canonical], body: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a body that belongs to a schema, unchecked."""
    return {name: body[name] for name in _names(schema) if name in body}


@cache
def _names(schema: type[Canonical]) -> tuple[str, ...]:
    return tuple(schema.model_fields)


def plain(value: BaseModel) -> dict[str, Any]:
    """The JSON-ready form of a canonical value: decimals, dates and times as text."""
    return value.model_dump(mode="json")
