"""Requests that become durable together: what is stored of each, and what its sender hears."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from collectors.pipeline.allowance import Allowance
from collectors.pipeline.answer import Answer
from collectors.pipeline.body import beginning
from collectors.pipeline.otlp.decode import Decoded
from collectors.pipeline.protect import protected_bytes
from collectors.pipeline.reading import Reading, read, without_what_spoils_it
from collectors.pipeline.refusal import Foreign, Malformed, Refusal, TooLarge, UnknownEncoding, rest
from collectors.pipeline.request import Request
from collectors.pipeline.rows import BEGINNING, BODY_LIMIT, Rows, decoded, quarantined, receiver, refused_frame, rows_of
from collectors.pipeline.spool.frame import Frame, Kind

_log = logging.getLogger(__name__)
Answered = tuple[Request, Answer]


class Group:
    """Decodes `requests` in one call for each kind; `frames` and `rows` are then to be stored, all or nothing."""

    def __init__(self, requests: Sequence[Request], limit: int, allowance: Allowance) -> None:
        self.frames: list[Frame] = []
        self.rows = Rows()
        self._limit, self._allowance = limit, allowance
        self._kept: list[Answered] = []
        self._turned_away: list[Answered] = []
        self._counted = self._count_missed(requests[0])
        readings = [reading for request in requests if (reading := self._read(request)) is not None]
        for kind in {reading.request.kind for reading in readings}:
            self._decode(kind, [reading for reading in readings if reading.request.kind is kind])

    def answers(self, later: Answer | None) -> list[Answered]:
        """An answer for every request; `later` goes to all whose input could not be stored now."""
        if later is None:
            self._allowance.recorded(self._counted)
            return self._turned_away + self._kept
        return self._turned_away + [(request, later) for request, _ in self._kept]

    def _count_missed(self, request: Request) -> int:
        """Put on record how many refused bodies were not kept one by one; how many they are."""
        missed = self._allowance.missed(request.received_us)
        if missed:
            several = Request(request.kind, "", "", b"", "several senders", request.received_us)
            self._refuse(several, rest(0, missed))
        return missed

    def _read(self, request: Request) -> Reading | None:
        try:
            return read(request, self._limit)
        except Malformed as error:
            self._turn_away(request, "malformed", error, Answer(400, str(error)))
        except TooLarge as error:
            self._turn_away(request, "too-large", error, Answer(413, f"{error}: send smaller batches"))
        except Foreign as error:
            self._turn_away(request, "foreign", error, Answer(403, str(error)))
        except UnknownEncoding as error:
            self._turn_away(request, "not-offered", error, Answer(415, str(error)))
        return None

    def _turn_away(self, request: Request, code: str, error: Exception, answer: Answer) -> None:
        """It goes to the quarantine while the allowance of this minute lasts, for its sender will not send it again;
        beyond, it is counted.
        """
        refusal = _whole(request, code, error)
        if self._allowance.take(request.received_us, len(refusal.content)):
            self._refuse(request, refusal)
            self._kept.append((request, answer))
        else:
            self._turned_away.append((request, answer))

    def _decode(self, kind: Kind, readings: list[Reading]) -> None:
        """Decode all requests in one call; when one spoils the call, each alone tells which."""
        try:
            found = _found(kind, [reading.frame for reading in readings])
        except Malformed as error:
            if len(readings) == 1:
                return self._mend(kind, readings[0], error)
            for reading in readings:
                self._decode(kind, [reading])
            return
        self.rows.extend(rows_of(kind, [reading.frame for reading in readings], found))
        self._keep(readings, found)

    def _mend(self, kind: Kind, reading: Reading, error: Malformed) -> None:
        """Store what is left of a request without what spoils it, or refuse it whole."""
        request = reading.request
        try:
            mended = without_what_spoils_it(reading)
            found = _found(kind, [mended.frame])
        except Malformed:
            return self._turn_away(request, "malformed", error, Answer(400, str(error)))
        self.rows.extend(rows_of(kind, [mended.frame], found))
        self._keep([mended], found)

    def _keep(self, readings: list[Reading], found: Decoded) -> None:
        rejected: dict[int, list[Refusal]] = {}
        for refusal in found.refusals:
            rejected.setdefault(refusal.request, []).append(refusal)
        for place, reading in enumerate(readings):
            if reading.frame.payload:
                self.frames.append(reading.frame)
            for refusal in reading.refusals:
                self._refuse(reading.request, refusal)
            answer = _accepted(reading, reading.refusals + rejected.get(place, []))
            self._kept.append((reading.request, answer))

    def _refuse(self, request: Request, refusal: Refusal) -> None:
        origin = Frame(request.kind, request.received_us, request.sender, b"")
        self.frames.append(refused_frame(request.kind, origin, refusal))
        self.rows.quarantine.append(quarantined(origin, receiver(request.kind), refusal))


def _found(kind: Kind, frames: list[Frame]) -> Decoded:
    """What the frames hold. A fault of ours counts as malformed: that sender hears of it, and the others are served."""
    try:
        return decoded(kind, frames)
    except Malformed:
        raise
    except Exception as error:
        _log.exception("a request of %s could not be decoded", kind.name.lower())
        raise Malformed(f"the body cannot be decoded: {type(error).__name__}: {error}") from error


def _whole(request: Request, code: str, error: Exception) -> Refusal:
    """The refusal of a whole body, with as much of it as the quarantine holds."""
    limit = BEGINNING if isinstance(error, TooLarge) else BODY_LIMIT
    content = protected_bytes(beginning(request.body, request.encoding, limit))
    return Refusal(0, code, str(error), "", content, request.size or len(request.body))


def _accepted(reading: Reading, refusals: list[Refusal]) -> Answer:
    lines = 0
    if reading.request.kind is Kind.OBSERVATIONS:
        lines = sum(1 for line in reading.frame.payload.split(b"\n") if line.strip()) + len(reading.refusals)
    rejected = sum(refusal.items for refusal in refusals)
    stored = max(lines - rejected, 0)
    if not refusals:
        return Answer(200, reading.remark, stored)
    reasons = list(dict.fromkeys(refusal.reason for refusal in refusals))
    more = f" and {len(reasons) - 3} other reasons" if len(reasons) > 3 else ""
    refused = f"{rejected} refused and kept in quarantine: {'; '.join(reasons[:3])}{more}"
    return Answer(200, f"{refused}; {reading.remark}" if reading.remark else refused, stored, rejected)
