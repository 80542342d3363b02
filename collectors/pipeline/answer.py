"""What becomes of a request, before anybody puts it into words of a protocol."""

from __future__ import annotations

from dataclasses import dataclass

PROTOBUF, JSON = "application/x-protobuf", "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """The fate of one request; `stored` and `rejected` count its items, `retry_after` is in seconds."""

    status: int
    sentence: str = ""
    stored: int = 0
    rejected: int = 0
    retry_after: int | None = None
