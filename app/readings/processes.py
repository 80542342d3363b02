"""Which processes of an installation, and which parts of them, are dead or stuck, so that nothing here looks alive that
is not. The same for all viewers: it tells of the installation and of no record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.heartbeat import Heartbeat
from models.journal.ports.readings import ReadingsPort
from models.presence import COLLECTOR, CONSOLE, ENGINE, runs_for
from models.settings import Settings

SILENT = 15.0
"""Seconds without a heartbeat after which a process counts as silent: it tells each five."""
STARTING = 30.0
"""Seconds that a process may take from its start to its first heartbeat."""
UNANSWERED = 10.0
"""Seconds after which somebody who waits for the engine is told that it does not answer."""
ROLES = {
    ENGINE: ("the engine", "nothing is read, delivered or replayed"),
    COLLECTOR: ("the collector", "nothing is recorded, sealed or detected"),
    CONSOLE: ("the console", "nobody sees a page"),
}
WITHOUT = {CONSOLE}
"""Roles of which an installation may run no process."""
START = "`tieout up` or `tieout demo` starts it, and log/{role}.log says why it ended"
RESTART = "see log/{role}.log; ending the process loses nothing, `tieout up` or `tieout demo` starts it again"
PARTS = {
    "systems": ("cannot connect its systems", "nothing is read or delivered"),
    "worker": ("is stuck with a page of runs", "no run moves"),
    "desk": ("takes up no request", "previews and replays wait"),
    "pages": ("does not answer", "who has a page open waits"),
    "intake": ("takes nothing in", "senders are asked to wait"),
    "commit": ("cannot write into the audit lake", "what was acknowledged waits in the spool"),
    "journal": ("cannot reach the journal", "nothing of the engine is recorded"),
    "feed": ("does not copy the journal's feed", "what the engine does is not recorded"),
    "detection": ("does not come to an end with detection", "figures and cases stand still"),
    "marts": ("cannot derive the marts", "all figures stand still"),
}
RESTS_ON = {"detection": ("marts", "detector ")}
"""What cannot be well while something else is not, and needs no sentence of its own then."""


@dataclass(frozen=True, slots=True)
class Ailing:
    """A process, or a part of one, that is dead or stuck: since when by wall time (None: not known), what that means,
    the reason it told and what to do.
    """

    role: str
    part: str | None
    what: str
    so: str
    since: datetime | None
    why: str | None
    advice: str

    @property
    def sentence(self) -> str:
        """All of it in a sentence, with times in UTC."""
        since = f" since {self.since:%Y-%m-%d %H:%M:%S} UTC" if self.since else ""
        why = f" ({self.why})" if self.why else ""
        return f"{self.what}{since}{why}: {self.so}; {self.advice}"


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
    shared = not settings.journal_address.startswith("sqlite")
    return tuple(
        one
        for role in ROLES
        for one in _of_role(
            role, runs_for(settings.run_folder, role), shared, [beat for beat in heard if beat.role == role]
        )
    )


def engine_silent(stores: Stores, viewer: Viewer | None = None) -> float | None:
    """Seconds since any engine looked for requests last, where they are more than somebody should wait; 0 where it
    answers. None where none ever did.
    """
    ages = [beat.silent + _lag(beat) for beat in beats(stores, viewer) if (beat.role, beat.part) == (ENGINE, "desk")]
    if not ages:
        return None
    return min(ages) if min(ages) > UNANSWERED else 0.0


def _of_role(role: str, here: float | None, shared: bool, told: Sequence[Heartbeat]) -> list[Ailing]:
    """A process of this home is there while it holds its lock; one on another machine while it tells."""
    telling = [beat for beat in told if beat.silent <= SILENT]
    last = max((beat.told_at for beat in told), default=None)
    if here is None and not (shared and telling):
        return [] if role in WITHOUT else [_dead(role, "is not running", last, START)]
    if not telling:
        return [_dead(role, "runs and has said nothing", last, RESTART)] if (here or 0.0) > STARTING else []
    late = [beat for beat in telling if beat.overdue]
    covered = tuple(name for beat in late for name in RESTS_ON.get(beat.part, ()))
    return [_stuck(beat) for beat in late if not (covered and beat.part.startswith(covered))]


def _dead(role: str, how: str, last: datetime | None, advice: str) -> Ailing:
    who, so = ROLES[role]
    return Ailing(role, None, f"{who} {how}", so, last, None, advice.format(role=role))


def _stuck(beat: Heartbeat) -> Ailing:
    who, _ = ROLES[beat.role]
    what, so = PARTS.get(beat.part) or _other(beat.part)
    return Ailing(beat.role, beat.part, f"{who} {what}", so, beat.well_at, beat.fault, RESTART.format(role=beat.role))


def _other(part: str) -> tuple[str, str]:
    kind, _, name = part.partition(" ")
    if kind == "detector":
        return f"cannot run the detector {name}", "its cases stay as they are"
    return f"is stuck in its part “{part}”", "what it does stands still"


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
