"""Which processes of an installation, and which parts of them, are dead or stuck, so that nothing here looks alive that
is not. The same for all viewers: it tells of the installation and of no record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.ailing import Ailing
from models.ailing import ailing as dead_or_stuck
from models.domain.heartbeat import Heartbeat
from models.journal.ports.readings import ReadingsPort
from models.presence import ENGINE
from models.settings import Settings

UNANSWERED = 10.0
"""Seconds after which somebody who waits for the engine is told that it does not answer."""


def beats(stores: Stores, viewer: Viewer | None = None) -> tuple[Heartbeat, ...]:
    """What each process told last of each of its parts."""
    del viewer
    return tuple(stores.journal.heartbeats.all())


def ailing(stores: Stores, viewer: Viewer | None = None) -> tuple[Ailing, ...]:
    """What is dead or stuck now, the engine first."""
    return ailing_of(stores.settings, stores.journal, beats(stores, viewer))


def ailing_of(
    settings: Settings, journal: ReadingsPort | None, told: Sequence[Heartbeat] | None = None
) -> tuple[Ailing, ...]:
    """The same where the journal may not be there."""
    heard = told if told is not None else journal.heartbeats.all() if journal else ()
    return dead_or_stuck(settings.run_folder, not settings.journal_address.startswith("sqlite"), heard)


def engine_silent(stores: Stores, viewer: Viewer | None = None) -> float | None:
    """Seconds since any engine looked for requests last, where they are more than somebody should wait; 0 where it
    answers. None where none ever did.
    """
    ages = [beat.silent + _lag(beat) for beat in beats(stores, viewer) if (beat.role, beat.part) == (ENGINE, "desk")]
    if not ages:
        return None
    return min(ages) if min(ages) > UNANSWERED else 0.0


def _lag(beat: Heartbeat) -> float:
    return (beat.told_at - beat.well_at).total_seconds() if beat.well_at else 0.0


def not_answered(seconds: float | None) -> str | None:
    """What to tell who waits for the engine; None while it answers."""
    if seconds == 0.0:
        return None
    since = "never answered" if seconds is None else f"not answered for {_in_words(timedelta(seconds=seconds))}"
    return f"The engine has {since}: what was asked is kept and is carried out once it runs (`tieout doctor`)."


def _in_words(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def ages(told: Sequence[Heartbeat]) -> Mapping[str, float]:
    """Seconds since each role was heard of last, and since the marts were derived."""
    found: dict[str, float] = {}
    for beat in told:
        found[beat.role] = min(beat.silent, found.get(beat.role, beat.silent))
        if beat.part == "marts" and beat.age is not None:
            found["marts"] = min(beat.age, found.get("marts", beat.age))
    return found
