"""The schema registry (M3): what was published, what may change without a new version, and how old data is brought up.

`published.json` holds every shape that ever left this code base, per entity and version. A schema that would break a
published reader needs a new `version` and an entry in `UPCASTS` for the version before.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from models.canonical.schemas import SCHEMAS, Canonical
from models.domain.errors import Unmappable

Shape = Mapping[str, Mapping[str, Any]]
"""Field name -> {"type": JSON schema of the field, "required": bool}."""

Upcast = Callable[[dict[str, Any]], dict[str, Any]]
UPCASTS: dict[tuple[str, int], Upcast] = {}
"""(entity, version) -> how data of that version becomes data of the next one."""

_PUBLISHED = Path(__file__).with_name("published.json")


def shape_of(schema: type[Canonical]) -> Shape:
    """The shape of a schema as it is now; nested schemas stand by name."""
    described = schema.model_json_schema()
    required = set(described.get("required", ()))
    fields: Mapping[str, Mapping[str, Any]] = described.get("properties", {})
    return {name: {"type": _type(field), "required": name in required} for name, field in fields.items()}


@cache
def published() -> Mapping[str, Mapping[str, Shape]]:
    """Every published shape: entity -> version (as text) -> shape."""
    shapes: Mapping[str, Mapping[str, Shape]] = json.loads(_PUBLISHED.read_text(encoding="utf-8"))
    return shapes


def breaches(before: Shape, after: Shape) -> list[str]:
    """Why data written under `before` could not be read under `after`; empty when it can.

    An optional field may come; nothing may go, be retyped or become required.
    """
    gone = [f"{name}: removed" for name in before if name not in after]
    retyped = [f"{name}: retyped" for name in before if name in after and before[name]["type"] != after[name]["type"]]
    stricter = [
        f"{name}: now required"
        for name in before
        if name in after and after[name]["required"] and not before[name]["required"]
    ]
    new = [f"{name}: new and required" for name in after if name not in before and after[name]["required"]]
    return gone + retyped + stricter + new


def incompatibilities(
    schemas: Mapping[str, type[Canonical]] = SCHEMAS, upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS
) -> list[str]:
    """Every way in which the present schemas break what was published; empty when events of any age can be read."""
    found: list[str] = []
    for entity, versions in published().items():
        schema = schemas.get(entity)
        for version, shape in versions.items():
            found += [f"{entity} {version}: {fault}" for fault in _faults(schema, int(version), shape, upcasts)]
    return found


def upcast_data(
    entity: str, dataschema: str, data: Mapping[str, Any], upcasts: Mapping[tuple[str, int], Upcast] = UPCASTS
) -> dict[str, Any]:
    """Data of an older version brought up to the present one, step by step.

    Raises Unmappable when the version is not an older one of this entity, or when a step between is missing.
    """
    current, body = SCHEMAS[entity].version, dict(data)
    for version in range(_version(entity, dataschema), current):
        step = upcasts.get((entity, version))
        if step is None:
            raise _unreadable(entity, dataschema, f"no upcast from version {version}: add one to UPCASTS")
        body = step(body)
    return body


def _version(entity: str, dataschema: str) -> int:
    prefix, number = f"tieout:{entity}:", dataschema.rpartition(":")[2]
    if not dataschema.startswith(prefix) or not number.isdecimal() or int(number) < 1:
        raise _unreadable(entity, dataschema, f"it should read {prefix}<version>")
    if int(number) > SCHEMAS[entity].version:
        raise _unreadable(entity, dataschema, "upgrade this installation")
    return int(number)


def _unreadable(entity: str, dataschema: str, remedy: str) -> Unmappable:
    return Unmappable(
        f"{entity} came as {dataschema!r}, this release reads tieout:{entity}:{SCHEMAS[entity].version}: {remedy}",
        "dataschema",
        code="unknown-event-version",
    )


def _faults(
    schema: type[Canonical] | None, version: int, shape: Shape, upcasts: Mapping[tuple[str, int], Upcast]
) -> list[str]:
    if schema is None:
        return ["the schema was removed"]
    if version < schema.version:
        steps = range(version, schema.version)
        return [f"no upcast leads to version {n + 1}" for n in steps if (schema.entity, n) not in upcasts][:1]
    return breaches(shape, shape_of(schema))


def _type(field: Mapping[str, Any]) -> Any:
    """The part of a field's JSON schema that a reader depends on: no titles, no defaults."""
    if isinstance(field, Mapping):
        return {
            key: _type(value) for key, value in sorted(field.items()) if key not in ("title", "default", "description")
        }
    if isinstance(field, list):
        return [_type(item) for item in field]
    return field
