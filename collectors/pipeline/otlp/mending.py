"""A request in protobuf that no decoder reads, without what spoils it: one bad value costs one span, not the batch.

Bytes that are no UTF-8 are replaced in the text that holds them; a span, log record, scope or resource that is no
protobuf inside is refused alone. What reads well is copied as it is and never walked through.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from google.protobuf import message_factory
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from collectors.pipeline.otlp.attributes_json import NESTED_BYTES
from collectors.pipeline.otlp.decode import Signal
from collectors.pipeline.otlp.wire import delimited, fields, pieces
from collectors.pipeline.protect import protected_bytes
from collectors.pipeline.refusal import MOST_REFUSALS, Malformed, Refusal, rest

_REQUEST: dict[Signal, Any] = {Signal.TRACES: ExportTraceServiceRequest, Signal.LOGS: ExportLogsServiceRequest}
_ITEMS = {"Span": "span", "LogRecord": "log record"}
_HOLDERS = {"ResourceSpans": "resource", "ResourceLogs": "resource", "ScopeSpans": "scope", "ScopeLogs": "scope"}
_NESTED = ("ArrayValue", "KeyValueList")
_DEPTH = 90  # protobuf's own decoders give up at 100


@dataclass(frozen=True, slots=True)
class Mended:
    """What is left of the body, what was refused of it, and what was replaced in it."""

    body: bytes
    refusals: list[Refusal]
    remark: str


def mended(signal: Signal, body: bytes) -> Mended:
    """The body without what spoils it. Raises Malformed when it is no request, or nothing of it is left."""
    walk = _Walk()
    try:
        left = walk.message(memoryview(body), _REQUEST[signal].DESCRIPTOR, 0)
    except DecodeError as error:
        raise Malformed(f"the body is no OTLP {signal} request in protobuf: {error}") from error
    if walk.refusals and not _items(memoryview(left), _REQUEST[signal].DESCRIPTOR):
        raise Malformed(f"the body is no OTLP {signal} request in protobuf: {walk.refusals[0].reason}")
    more = sum(refusal.items for refusal in walk.refusals[MOST_REFUSALS:])
    refusals = [*walk.refusals[:MOST_REFUSALS], *([rest(0, more)] if more else [])]
    return Mended(left, refusals, f"{walk.texts} texts that are no UTF-8 were mended by U+FFFD" if walk.texts else "")


@dataclass(slots=True)
class _Walk:
    texts: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def message(self, raw: memoryview, described: Descriptor, depth: int) -> bytes:
        """The message with every part mended. Raises DecodeError."""
        if depth > _DEPTH:
            raise DecodeError("it nests too deeply")
        kept: list[bytes | memoryview] = []
        for number, piece, content in pieces(raw):
            known = described.fields_by_number.get(number)
            if known is None or content is None or known.type == FieldDescriptor.TYPE_BYTES:
                kept.append(piece)
            elif known.message_type is None:
                kept.append(delimited(number, self._text(content)) if known.type == known.TYPE_STRING else piece)
            elif (part := self._part(content, known.message_type, depth + 1)) is not None:
                kept.append(delimited(number, part))
        return b"".join(kept)

    def _part(self, content: memoryview, described: Descriptor, depth: int) -> bytes | memoryview | None:
        """A message inside: as it is where it reads well, None where it is refused."""
        if len(content) <= NESTED_BYTES and _reads(content, described):
            return content
        if described.name in _NESTED and len(content) > NESTED_BYTES:
            raise DecodeError(f"a nested value of {len(content)} bytes is larger than {NESTED_BYTES}")
        if described.name not in _ITEMS and described.name not in _HOLDERS:
            return self.message(content, described, depth)
        try:
            return self.message(content, described, depth)
        except DecodeError as error:
            self._refuse(content, described, error)
            return None

    def _refuse(self, content: memoryview, described: Descriptor, error: DecodeError) -> None:
        what = _ITEMS.get(described.name) or _HOLDERS[described.name]
        reason = f"the {what} cannot be read: {error}"
        held = bytes(content)
        self.refusals.append(
            Refusal(0, "unreadable", reason, "", protected_bytes(held), len(held), max(1, _items(content, described)))
        )

    def _text(self, content: memoryview) -> bytes | memoryview:
        try:
            str(content, "utf-8")
            return content
        except UnicodeDecodeError:
            self.texts += 1
            return str(content, "utf-8", "replace").encode()


def _reads(content: memoryview, described: Descriptor) -> bool:
    try:
        message_factory.GetMessageClass(described).FromString(bytes(content))
        return True
    except DecodeError:
        return False


def _items(content: memoryview, described: Descriptor) -> int:
    """How many spans or log records a refused part holds, as far as that can be read."""
    count = 0
    try:
        for number, inner in fields(content):
            known = described.fields_by_number.get(number)
            if known is not None and known.message_type is not None and inner is not None:
                name = known.message_type.name
                count += 1 if name in _ITEMS else _items(inner, known.message_type) if name in _HOLDERS else 0
    except DecodeError:
        return count
    return count
