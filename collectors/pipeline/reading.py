"""A request's payload, read as far as is needed to know that it may be decoded."""

from __future__ import annotations

from dataclasses import dataclass, replace

from collectors.pipeline.answer import JSON, PROTOBUF
from collectors.pipeline.body import plain_body
from collectors.pipeline.observations import check_lines
from collectors.pipeline.otlp.decode import Signal, guarded_body
from collectors.pipeline.otlp.from_json import protobuf_of
from collectors.pipeline.otlp.mending import mended
from collectors.pipeline.otlp.outline import check_outline
from collectors.pipeline.protect import protected_lines
from collectors.pipeline.refusal import Malformed, Refusal, TooLarge, UnknownEncoding
from collectors.pipeline.request import Request
from collectors.pipeline.spool.frame import Frame, Kind

_MEDIA = {
    Kind.TRACES: (PROTOBUF, JSON),
    Kind.LOGS: (PROTOBUF, JSON),
    Kind.OBSERVATIONS: ("application/x-ndjson", "application/ndjson"),
}
_SIGNAL = {Kind.TRACES: Signal.TRACES, Kind.LOGS: Signal.LOGS}


@dataclass(slots=True)
class Reading:
    """A request with its payload read; `refusals` were left out of the payload, `remark` says what was mended in it."""

    request: Request
    frame: Frame
    refusals: list[Refusal]
    remark: str = ""


def read(request: Request, limit: int) -> Reading:
    """The request's payload: inflated to at most `limit` bytes, OTLP as protobuf, secrets masked.

    Raises UnknownEncoding, TooLarge, Malformed or Foreign.
    """
    offered = _MEDIA[request.kind]
    if request.media not in offered:
        raise UnknownEncoding(f"content type {request.media[:60]!r} is not offered here: send {' or '.join(offered)}")
    if request.size:
        raise TooLarge(f"the body is larger than {limit >> 20} MiB")
    payload = plain_body(request.body, request.encoding, limit)
    if request.kind is Kind.OBSERVATIONS:
        check_lines(payload)
        payload, refusals = request.check(payload)
        return Reading(request, _frame(request, payload), refusals)
    if request.media == JSON:
        found = protobuf_of(_SIGNAL[request.kind], payload)
        return Reading(request, _frame(request, found.payload), found.refusals, found.remark)
    check_outline(_SIGNAL[request.kind], payload)
    return Reading(request, _frame(request, payload), [])


def without_what_spoils_it(reading: Reading) -> Reading:
    """The reading of a request that no decoder reads, mended. Raises Malformed where there is nothing to mend."""
    request, payload = reading.request, reading.frame.payload
    if request.kind is Kind.OBSERVATIONS:
        raise Malformed("lines are refused one by one")
    found = mended(_SIGNAL[request.kind], payload)
    if found.body == payload:
        raise Malformed("nothing of it can be mended")
    remark = "; ".join(filter(None, (reading.remark, found.remark)))
    return Reading(request, _frame(request, found.body), reading.refusals + found.refusals, remark)


def guarded_frame(frame: Frame) -> Frame:
    """The same without the secrets in it: what may be stored."""
    if frame.kind is Kind.OBSERVATIONS:
        return replace(frame, payload=protected_lines(frame.payload))
    return replace(frame, payload=guarded_body(_SIGNAL[frame.kind], frame.payload)) if frame.kind in _SIGNAL else frame


def _frame(request: Request, payload: bytes) -> Frame:
    return guarded_frame(Frame(request.kind, request.received_us, request.sender, payload))
