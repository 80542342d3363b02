"""What a road may say of a delivery that failed; never where it leads, for an address may hold a secret."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from models.domain.audience import Road


class Undelivered(Exception):
    """The receiver may not have it. The message is the reason; `again_in` is the earliest next attempt, if it said."""

    def __init__(self, why: str, again_in: timedelta | None = None) -> None:
        super().__init__(why)
        self.again_in = again_in


def secret_of(road: Road, environment: Mapping[str, str]) -> str:
    """What the environment variable of a road holds.

    Raises Undelivered where it is not set in this process.
    """
    if value := environment.get(road.variable, "").strip():
        return value
    raise Undelivered(f"set the environment variable {road.variable} for engine, collector and console")
