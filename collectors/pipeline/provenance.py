"""Where observations come from: systems of the catalogue, seen at a time that is over."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import orjson

from collectors.pipeline.protect import protected_text
from collectors.pipeline.refusal import Foreign, Refusal
from models.domain.clock import Clock

SKEW = timedelta(minutes=5)
_SHOWN = 64 << 10


@dataclass(frozen=True, slots=True)
class Provenance:
    """The systems whose observations are taken, and the clock by which these are dated."""

    systems: Collection[str]
    clock: Clock

    def checked(self, payload: bytes) -> tuple[bytes, list[Refusal]]:
        """The payload with each line of the future left empty, and those lines.

        Raises Foreign for a system that is not in the catalogue: then this collector's catalogue is not its engine's.
        """
        lines, latest = payload.split(b"\n"), self.clock.now() + SKEW
        refusals: list[Refusal] = []
        for place, line in enumerate(lines):
            if (reason := self._reason(line, latest)) is not None:
                content = protected_text(line[:_SHOWN].decode(errors="replace"))
                where = f"line {place + 1}"
                refusals.append(Refusal(0, "observed-at", f"{where}: {reason}", where, content, len(line)))
                lines[place] = b""
        return (b"\n".join(lines), refusals) if refusals else (payload, refusals)

    def _reason(self, line: bytes, latest: datetime) -> str | None:
        """Why a line is refused; what cannot be read is left to who reads it."""
        try:
            held = orjson.loads(line)
            system, observed = held["system"], datetime.fromisoformat(held["observed_at"])
        except (ValueError, TypeError, KeyError):
            return None
        if system not in self.systems:
            raise Foreign(f"system {str(system)[:60]!r} is not in this collector's catalogue: give it its engine's")
        aware = observed if observed.tzinfo else observed.replace(tzinfo=UTC)
        return f"observed_at {observed.isoformat()} is in the future" if aware > latest else None
