"""A request's payload, read as far as is needed to know that it may be decoded."""

from __future__ import annotations

from dataclasses import dataclass

from collectors.pipeline.answer import JSON, PROTOBUF
from collectors.pipeline.body import plain_body
from collectors.pipeline.observations import check_lines
from collectors.pipeline.otlp.decode import Signal
from collectors.pipeline.otlp.from_json import protobuf_of
from collectors.pipeline.otlp.outline import check_outline
from collectors.pipeline.refusal import Refusal, TooLarge, UnknownEncoding
from collectors.pipeline.request import Request
from collectors.pipeline.spool.frame import Frame, Kind

_MEDIA = {
    Kind.TRACES: (PROTOBUF, JSON),
    Kind.LOGS: (PROTOBUF, JSON),
    Kind.OBSERVATIONS: ("application/x-ndjson", "application/ndjson"),
}


@dataclass(slots=True)
class Reading:
    """A request with its payload read; `refusals` were left out of the payload (JSON items that cannot be read)."""

    request: Request
    frame: Frame
    refusals: list[Refusal]


def read(request: Request, limit: int) -> Reading:
    """The request's payload: inflated to at most `limit` bytes, OTLP as protobuf.

    Raises UnknownEncoding, TooLarge or Malformed.
    """
    offered = _MEDIA[request.kind]
    if request.media not in offered:
        raise UnknownEncoding(f"content type {request.media[:60]!r} is not offered here: send {' or '.join(offered)}")
    if request.size:
        raise TooLarge(f"the body is larger than {limit >> 20} MiB")
    payload, refusals = _checked(request, plain_body(request.body, request.encoding, limit))
    return Reading(request, Frame(request.kind, request.received_us, request.sender, payload), refusals)


def _checked(request: Request, payload: bytes) -> tuple[bytes, list[Refusal]]:
    signal = Signal.TRACES if request.kind is Kind.TRACES else Signal.LOGS
    if request.kind is Kind.OBSERVATIONS:
        check_lines(payload)
    elif request.media == JSON:
        return protobuf_of(signal, payload)
    else:
        check_outline(signal, payload)
    return payload, []
