"""Which processes of an installation, and which parts of them, are dead or stuck: their heartbeats and the locks of the
home tell (X18).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from models.domain.heartbeat import Heartbeat
from models.presence import COLLECTOR, CONSOLE, ENGINE, runs_for

SILENT = 15.0
"""Seconds without a heartbeat after which a process counts as silent: it tells each five."""
STARTING = 30.0
"""Seconds that a process may take from its start to its first heartbeat."""
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
    "alerts": ("cannot deliver alerts", "whom they are for is not told"),
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


def ailing(run_folder: Path, shared: bool, told: Sequence[Heartbeat]) -> tuple[Ailing, ...]:
    """What is dead or stuck, the engine first; `shared`: processes of other machines tell this journal, too."""
    return tuple(
        one
        for role in ROLES
        for one in _of_role(role, runs_for(run_folder, role), shared, [beat for beat in told if beat.role == role])
    )


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
