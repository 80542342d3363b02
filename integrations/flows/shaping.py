"""Canonical values out of the JSON that runs and facts carry."""

from __future__ import annotations

from collections.abc import Mapping
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
        return schema.model_validate({key: value for key, value in body.items() if key in schema.model_fields})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        raise Unmappable(f"{schema.entity} at {path}: {first['msg']}; correct it at the source or in the replay", path) from error


def plain(value: BaseModel) -> dict[str, Any]:
    """The JSON-ready form of a canonical value: decimals, dates and times as text."""
    return value.model_dump(mode="json")
