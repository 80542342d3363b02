"""Requests become durable in groups: one decode and one fsync acknowledge every request that waited meanwhile."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from collectors.pipeline.allowance import Allowance
from collectors.pipeline.answers import JSON, PROTOBUF, Answer
from collectors.pipeline.body import beginning, plain_body
from collectors.pipeline.lane import Lane, NotReady
from collectors.pipeline.observations import check_lines
from collectors.pipeline.otlp.decode import Decoded, Signal
from collectors.pipeline.otlp.from_json import protobuf_of
from collectors.pipeline.otlp.outline import check_outline
from collectors.pipeline.protect import protected_bytes
from collectors.pipeline.refusal import Malformed, Refusal, TooLarge, UnknownEncoding, rest
from collectors.pipeline.rows import CONTENT_LIMIT, Rows, decoded, quarantined, receiver, refused_frame, rows_of
from collectors.pipeline.spool.frame import Frame, Kind
from collectors.pipeline.spool.spool import SpoolFull

_log = logging.getLogger(__name__)
_GROUP_BYTES = 8 << 20
_WAITING_BYTES = 64 << 20  # bodies that may wait for their turn in memory before senders are told to wait
_MEDIA = {
    Kind.TRACES: (PROTOBUF, JSON),
    Kind.LOGS: (PROTOBUF, JSON),
    Kind.OBSERVATIONS: ("application/x-ndjson", "application/ndjson"),
}


@dataclass(slots=True)
class Request:
    """One request as it came over the wire; `received_us` is wall time in µs since 1970.

    `size` is how many bytes came where `body` is only the beginning of a body larger than the limit, else 0.
    """

    kind: Kind
    media: str
    encoding: str
    body: bytes
    sender: str
    received_us: int
    answer: Callable[[Answer], None]
    size: int = 0


@dataclass(slots=True)
class _Read:
    """A request with its payload read; `refusals` were left out of the payload (JSON items that cannot be read)."""

    request: Request
    frame: Frame
    refusals: list[Refusal]


class Intake:
    """Reads, stores and answers the requests of one lane on a thread of its own, off the event loop.

    `deliver` gets the answers of a whole group at once, so that the loop is woken once a group.
    """

    def __init__(self, lane: Lane, limit: int, deliver: Callable[[Sequence[tuple[Request, Answer]]], None]) -> None:
        self._lane, self._limit, self._deliver = lane, limit, deliver
        self._queue: queue.SimpleQueue[Request | None] = queue.SimpleQueue()
        self._allowance = Allowance()
        self._waiting = 0
        self._counting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"intake-{lane.writer}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Answer what waits, then end."""
        self._queue.put(None)
        self._thread.join(seconds)

    def submit(self, request: Request) -> bool:
        """Queue a request; False when too much waits already."""
        with self._counting:
            if self._waiting and self._waiting + len(request.body) > _WAITING_BYTES:
                return False
            self._waiting += len(request.body)
        self._queue.put(request)
        return True

    def _run(self) -> None:
        last = False
        while not last:
            group, last = self._group()
            if group:
                answers = self._certain_answers(group)
                with self._counting:
                    self._waiting -= sum(len(request.body) for request in group)
                self._deliver(answers)
        if self._allowance.untold:
            _log.warning(
                "%d refused bodies were neither kept nor counted in the quarantine: the collector ends",
                self._allowance.untold,
            )

    def _certain_answers(self, group: Sequence[Request]) -> list[tuple[Request, Answer]]:
        """An answer for every request, whatever happens: a thread that dies would leave every later sender without one."""
        try:
            return self._answers(group)
        except Exception as error:  # noqa: BLE001 - see above
            _log.exception("a group of %d requests could not be taken", len(group))
            return [
                (
                    request,
                    Answer(503, f"the request could not be taken ({type(error).__name__}): send again", retry_after=5),
                )
                for request in group
            ]

    def _group(self) -> tuple[list[Request], bool]:
        """What waits now, up to 8 MiB; blocks for the first. True when it is the last group."""
        group: list[Request] = []
        size = 0
        while size < _GROUP_BYTES:
            try:
                request = self._queue.get(block=not group)
            except queue.Empty:
                break
            if request is None:
                return group, True
            group.append(request)
            size += len(request.body)
        return group, False

    def _answers(self, group: Sequence[Request]) -> list[tuple[Request, Answer]]:
        frames: list[Frame] = []
        rows = Rows()
        readable: list[_Read] = []
        kept: list[tuple[Request, Answer]] = []
        answers: list[tuple[Request, Answer]] = []
        untold = self._tell_missed(group[0], frames, rows)
        for request in group:
            try:
                readable.append(_read(request, self._limit))
            except Malformed as error:
                kept.append((request, _malformed(request, error, frames, rows)))
            except (TooLarge, UnknownEncoding) as error:
                status, code = (413, "too-large") if isinstance(error, TooLarge) else (415, "not-offered")
                told = kept if self._allowance.take(request.received_us) else answers
                if told is kept:
                    _refuse(request, _whole(request, code, error), frames, rows)
                told.append(
                    (request, Answer(status, f"{error}: send smaller batches" if status == 413 else str(error)))
                )
        for kind in {read.request.kind for read in readable}:
            _decode(kind, [read for read in readable if read.request.kind is kind], frames, rows, kept)
        later = self._stored(frames, rows)
        if later is None:
            self._allowance.told(untold)
        return answers + ([(request, later) for request, _ in kept] if later else kept)

    def _tell_missed(self, request: Request, frames: list[Frame], rows: Rows) -> int:
        """Put on record how many refused bodies were not kept one by one; how many they are."""
        missed = self._allowance.missed(request.received_us)
        if missed:
            several = Request(request.kind, "", "", b"", "several senders", request.received_us, request.answer)
            _refuse(several, rest(0, missed), frames, rows)
        return missed

    def _stored(self, frames: list[Frame], rows: Rows) -> Answer | None:
        """None once everything is durable, else what every sender whose input was to be kept is told: to come back."""
        if not frames:
            return None
        try:
            self._lane.store(frames, rows)
            return None
        except SpoolFull as error:
            return Answer(429, f"{error}: wait until the audit lake has caught up", retry_after=2)
        except NotReady as error:
            return Answer(503, f"{error}: send again", retry_after=1)
        except OSError as error:
            _log.error("the spool cannot be written, senders are told to wait: %s", error)
            return Answer(503, f"the spool cannot be written ({error.strerror}): send again", retry_after=5)


def _read(request: Request, limit: int) -> _Read:
    if request.media not in _MEDIA[request.kind]:
        raise UnknownEncoding(
            f"content type {request.media[:60]!r} is not offered here: send {' or '.join(_MEDIA[request.kind])}"
        )
    if request.size:
        raise TooLarge(f"the body is larger than {limit >> 20} MiB")
    refusals: list[Refusal] = []
    payload = plain_body(request.body, request.encoding, limit)
    signal = Signal.TRACES if request.kind is Kind.TRACES else Signal.LOGS
    if request.kind is Kind.OBSERVATIONS:
        check_lines(payload)
    elif request.media == JSON:
        payload, refusals = protobuf_of(signal, payload)
    else:
        check_outline(signal, payload)
    return _Read(request, Frame(request.kind, request.received_us, request.sender, payload), refusals)


def _decode(
    kind: Kind, reads: list[_Read], frames: list[Frame], rows: Rows, kept: list[tuple[Request, Answer]]
) -> None:
    """Decode all requests in one call; when one spoils the call, each alone tells which."""
    try:
        found = _found(kind, [read.frame for read in reads])
    except Malformed as error:
        if len(reads) == 1:
            kept.append((reads[0].request, _malformed(reads[0].request, error, frames, rows)))
            return
        for read in reads:
            _decode(kind, [read], frames, rows, kept)
        return
    rows.extend(rows_of(kind, [read.frame for read in reads], found))
    rejected: dict[int, list[Refusal]] = {}
    for refusal in found.refusals:
        rejected.setdefault(refusal.request, []).append(refusal)
    for place, read in enumerate(reads):
        _keep(read, frames, rows)
        kept.append((read.request, _accepted(read, read.refusals + rejected.get(place, []))))


def _found(kind: Kind, frames: list[Frame]) -> Decoded:
    """What the frames hold. A fault of ours counts as malformed: that sender is told, and the others are served."""
    try:
        return decoded(kind, frames)
    except Malformed:
        raise
    except Exception as error:
        _log.exception("a request of %s could not be decoded", kind.name.lower())
        raise Malformed(f"the body cannot be decoded: {type(error).__name__}: {error}") from error


def _keep(read: _Read, frames: list[Frame], rows: Rows) -> None:
    if read.frame.payload:
        frames.append(read.frame)
    for refusal in read.refusals:
        _refuse(read.request, refusal, frames, rows)


def _refuse(request: Request, refusal: Refusal, frames: list[Frame], rows: Rows) -> None:
    origin = Frame(request.kind, request.received_us, request.sender, b"")
    frame = refused_frame(request.kind, origin, refusal)
    frames.append(frame)
    rows.extend(Rows(quarantine=[quarantined(origin, receiver(request.kind), refusal)]))


def _malformed(request: Request, error: Malformed, frames: list[Frame], rows: Rows) -> Answer:
    """400; the bytes go to the quarantine too, for the sender will not send them again."""
    _refuse(request, _whole(request, "malformed", error), frames, rows)
    return Answer(400, str(error))


def _whole(request: Request, code: str, error: Exception) -> Refusal:
    """The refusal of a whole body, with as much of its beginning as the quarantine holds."""
    content = protected_bytes(beginning(request.body, request.encoding, CONTENT_LIMIT))
    return Refusal(0, code, str(error), "", content, request.size or len(request.body))


def _accepted(read: _Read, refusals: list[Refusal]) -> Answer:
    lines = (
        sum(1 for line in read.frame.payload.split(b"\n") if line.strip())
        if read.request.kind is Kind.OBSERVATIONS
        else 0
    )
    rejected = sum(refusal.items for refusal in refusals)
    stored = max(lines - rejected, 0)
    if not refusals:
        return Answer(200, stored=stored)
    reasons = list(dict.fromkeys(refusal.reason for refusal in refusals))
    more = f" and {len(reasons) - 3} other reasons" if len(reasons) > 3 else ""
    return Answer(200, f"{rejected} refused and kept in quarantine: {'; '.join(reasons[:3])}{more}", stored, rejected)
