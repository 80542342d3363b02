"""What the emulators speak: a request, an answer, and the few ways every vendor writes times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

import orjson


@dataclass(slots=True)
class Answer:
    """One HTTP answer; `dropped` means that the vendor did the work and the connection broke before it could say so."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    dropped: bool = False


@dataclass
class Request:
    """One HTTP request; header names are lower case, `base` is the address the caller used for this vendor."""

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    body: bytes
    base: str

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    @cached_property
    def json(self) -> Any:
        """The body as JSON, None when it is not; orjson refuses NaN and duplicate keys win last, as vendors do."""
        try:
            return orjson.loads(self.body) if self.body else None
        except orjson.JSONDecodeError:
            return None

    @cached_property
    def bearer(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ").strip()

    @property
    def writes(self) -> bool:
        return self.method not in ("GET", "HEAD")


def json_answer(body: Any, status: int = 200, content_type: str = "application/json", **headers: str) -> Answer:
    """A JSON answer; keyword headers use _ for -."""
    return Answer(
        status, orjson.dumps(body), {name.replace("_", "-"): value for name, value in headers.items()}, content_type
    )


def iso_z(moment: datetime) -> str:
    """2026-11-18T10:00:00Z"""
    return moment.astimezone(UTC).isoformat()[:19] + "Z"


def iso_salesforce(moment: datetime) -> str:
    """2026-11-18T10:00:00.123+0000, as Salesforce writes instants."""
    moment = moment.astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"


def iso_offset(moment: datetime) -> str:
    """2026-11-18T10:00:00+00:00, as Kantata writes instants (seconds, numeric offset)."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def instant(text: str) -> datetime:
    """An aware instant from any of the forms above; a date alone is its midnight UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text.strip().replace(" ", "T") if "T" not in text else text.strip())
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
