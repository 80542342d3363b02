"""Recorded exchanges: what was asked of a vendor and what it answered, as JSON that a person can read and mend."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

MATCHED = ("if-match", "if-none-match", "prefer", "soapaction")
"""Request headers that decide what a vendor does; the others are not recorded."""
DROPPED = frozenset(
    {"connection", "content-encoding", "content-length", "keep-alive", "set-cookie", "transfer-encoding"}
)
"""Response headers that belong to the connection, or are secrets."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call of a connector. `path` is what follows the system's base address, query included; `body` as `read_body`
    gives it."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path} {dump(self.body) if self.body else ''}".strip()


@dataclass(frozen=True, slots=True)
class Response:
    """A vendor's answer; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Exchange:
    """A call and its answer; None where the connection broke before any came."""

    request: Request
    response: Response | None

    @classmethod
    def parse(cls, held: Mapping[str, Any]) -> Exchange:
        """Raises TypeError or KeyError naming what an exchange does not have."""
        answer = held["response"]
        return cls(Request(**held["request"]), None if answer is None else Response(**answer))

    def plain(self) -> dict[str, Any]:
        """What `parse` reads, without what is empty."""
        return {
            "request": _filled(self.request, "method", "path", "headers", "body"),
            "response": self.response and _filled(self.response, "status", "headers", "body"),
        }


def read_body(raw: bytes) -> dict[str, Any]:
    """A body as `{"json": value}` with exact numbers where it is JSON, else as `{"text": …}`; `{}` if empty."""
    if not raw:
        return {}
    text = raw.decode("utf-8", "replace")
    try:
        value = load(text) if text[0] in "[{" else None
        return {"text": text} if value is None or load(dump(value)) != value else {"json": value}
    except (TypeError, ValueError):  # no JSON, or such as cannot be written again: a number of more than 64 bits
        return {"text": text}


def write_body(held: Mapping[str, Any]) -> bytes:
    """The bytes of a recorded body."""
    return dump(held["json"]).encode() if "json" in held else str(held.get("text", "")).encode()


def load(text: str) -> Any:
    """JSON with exact numbers. Raises ValueError when it is none."""
    return json.loads(text, parse_float=Decimal)


def dump(value: Any, *, indent: bool = False) -> str:
    """Exact numbers stay as they came. Raises TypeError for what JSON has no word for."""
    return orjson.dumps(value, default=_exact, option=orjson.OPT_INDENT_2 if indent else None).decode()


def _exact(value: object) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} is no JSON")


def _filled(one: Request | Response, *names: str) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(one, name)) not in ({}, "")}
