"""Which cases an audience is told of at once, so that no storm rings more than a few times (X10).

A cause rings once in a period, whatever number of cases it has, and the whole audience as often as its cap says: what
goes beyond is told together by the last of them. What is held back is told once its time has come, if it stands then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from models.domain.alert import Opening
from models.domain.audience import Audience

LATE = timedelta(hours=6)
"""A summary of the day that could not be told at its time is told until so long after it."""


def chosen(audience: Audience, due: Sequence[Opening], told: Collection[str], rung: int) -> list[list[Opening]]:
    """The cases that are due, the gravest first, as the alerts that tell of them. `told` are the causes that have rung
    in this period, `rung` is how often the audience was rung in it.
    """
    causes: dict[str, list[Opening]] = {}
    for case in due:
        if case.cause not in told:
            causes.setdefault(case.cause, []).append(case)
    groups, room = list(causes.values()), max(0, audience.cap - rung)
    if len(groups) <= room:
        return groups
    if not room:
        return []
    return [*groups[: room - 1], [case for group in groups[room - 1 :] for case in group]]


def digest_due(audience: Audience, told: datetime | None, now: datetime) -> bool:
    """Whether the summary of the day is to be told now; `told` is when the last one was."""
    if audience.digest is None:
        return False
    local = now.astimezone(audience.zone)
    at = datetime.combine(local.date(), audience.digest, audience.zone)
    if at > local:
        at = datetime.combine(local.date() - timedelta(days=1), audience.digest, audience.zone)
    return local - at <= LATE and (told is None or told < at)
