"""What a preview shows of one step: its outcome, and its fields beside those that are there now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.engine.retry import error_of


def shown_step(
    name: str,
    kind: str,
    *,
    system: str | None = None,
    action: str | None = None,
    external_id: str | None = None,
    fields: Sequence[Mapping[str, Any]] = (),
    outcome: str = "",
    error: str | None = None,
) -> dict[str, Any]:
    """One step as the console reads it, JSON-ready."""
    return {
        "step": name,
        "system": system,
        "kind": kind,
        "action": action,
        "external_id": external_id,
        "fields": list(fields),
        "outcome": outcome,
        "error": error,
    }


def failing_step(name: str, kind: str, error: Exception) -> dict[str, Any]:
    """A step that would fail, with the code and place of its error."""
    code, message, path = error_of(error)
    return {**shown_step(name, kind, outcome="fails", error=message), "error_code": code, "error_field": path}


def compared(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Field by field: what is there, what is wanted, and whether that changes it."""
    names = list(dict.fromkeys([*wanted, *current]))
    return [
        {
            "field": name,
            "current": current.get(name),
            "wanted": wanted.get(name, current.get(name)),
            "changed": name in wanted and wanted[name] != current.get(name),
        }
        for name in names
    ]
