"""Roads and audiences of alerts, as the catalogue's files say them (X10)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from models.catalogue.entries import AudienceEntry, RoadEntry
from models.catalogue.files import Files
from models.domain.audience import Audience, Road


def roads_of(files: Files) -> dict[str, Road]:
    """Every road by its name."""
    return {road.name: _road(road) for road in files.values("roads.toml")}


def audiences_of(files: Files) -> tuple[Audience, ...]:
    """Every audience, in the order of the file."""
    return tuple(_audience(one) for one in files.values("audiences.toml"))


def in_other_money(files: Files, currency: str | None) -> Iterator[str]:
    """Thresholds in another currency than figures are reported in: what cases are worth is known in that one alone."""
    for one in files.written["audiences.toml"]:
        if currency and one.value is not None and one.value.currency not in (None, currency):
            yield (
                f"{one.path}: audience {one.key}: currency {one.value.currency} is not the reporting currency "
                f"{currency}: give the amount in {currency}"
            )


def _road(entry: RoadEntry) -> Road:
    if entry.urls:
        return Road(entry.name, "apprise", entry.urls)
    return Road(entry.name, "webhook", entry.secret or "", entry.webhook)


def _audience(entry: AudienceEntry) -> Audience:
    return Audience(
        name=entry.name,
        roads=tuple(entry.roads),
        flows=tuple(entry.flows),
        causes=tuple(entry.causes),
        severity=entry.severity,
        money_kinds=tuple(entry.money),
        at_least=None if entry.amount is None else Decimal(entry.amount),
        legal_entities=tuple(entry.legal_entities),
        owners=tuple(entry.owners),
        rings=entry.rings,
        pulse=entry.pulse,
        cap=entry.cap,
        period=timedelta(minutes=entry.period_minutes),
        digest=None if entry.digest is None else time.fromisoformat(entry.digest),
        quiet=None if entry.quiet is None else (time.fromisoformat(entry.quiet[0]), time.fromisoformat(entry.quiet[1])),
        zone=ZoneInfo(entry.zone),
    )
