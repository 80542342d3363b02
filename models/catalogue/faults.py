"""Faults of the catalogue's files, in words that say what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args, get_origin

from pydantic import BaseModel, ValidationError

_SECRET = ("credentials", "secret", "urls")


def faults_of(error: ValidationError, shape: type[BaseModel]) -> Iterator[str]:
    """One sentence for each fault of an entry. A value is never repeated: it may be a secret in the wrong place."""
    for fault in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "missing":
            yield f"{key} missing"
        elif fault["type"] == "extra_forbidden":
            yield f"unknown key {key}: use {', '.join(_within(shape, fault['loc'][:-1]).model_fields)}"
        elif key.startswith(_SECRET):
            yield f"{key}: give the name of the environment variable that holds the secret, never the secret itself"
        else:
            said = fault["msg"].removeprefix("Value error, ")
            yield f"{key}: {said}" if key else said


def _within(shape: type[BaseModel], path: tuple[int | str, ...]) -> type[BaseModel]:
    """The shape of the table that a path leads to."""
    for part in path:
        if isinstance(part, int):  # one of a list of tables
            continue
        inner = shape.model_fields[part].annotation
        inner = get_args(inner)[0] if get_origin(inner) is list else inner
        shape = inner if isinstance(inner, type) and issubclass(inner, BaseModel) else shape
    return shape
