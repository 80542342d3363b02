"""A request for telemetry to be kept, as it came over the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from collectors.pipeline.answer import Answer
from collectors.pipeline.refusal import Refusal
from collectors.pipeline.spool.frame import Kind


def _unheard(answer: Answer) -> None:
    """Nobody waits for this answer."""


Check = Callable[[bytes], tuple[bytes, list[Refusal]]]


def _unchecked(payload: bytes) -> tuple[bytes, list[Refusal]]:
    return payload, []


@dataclass(slots=True)
class Request:
    """One request as it came over the wire; `received_us` is wall time in µs since 1970.

    `size` is how many bytes came where `body` is only the beginning of a body larger than the limit, else 0. `check`
    gives what is left of an inflated body, and what it refused of it.
    """

    kind: Kind
    media: str
    encoding: str
    body: bytes
    sender: str
    received_us: int
    answer: Callable[[Answer], None] = _unheard
    size: int = 0
    check: Check = _unchecked
