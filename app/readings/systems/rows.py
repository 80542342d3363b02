"""Connected systems as rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Playing:
    """A system, and the role it plays: `crm`, `erp`, `psa`, `ppm`, `hcm`, …"""

    system: str
    role: str


@dataclass(frozen=True, slots=True)
class ReadUntil:
    """World time up to which a system was read; None where some of it never was."""

    system: str
    read_until: datetime | None


@dataclass(frozen=True, slots=True)
class Stale:
    """A stream or extract that is older than its system's policy allows: since when, by wall time (None: ever), and
    the reason that its last reading gave, if it did.
    """

    system: str
    name: str
    since: datetime | None
    why: str | None
    advice: str
