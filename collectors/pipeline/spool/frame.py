"""One accepted request as bytes in a segment file.

Layout, little endian: magic `TOsp` (4), payload length (u32), CRC-32 of what follows the header (u32), received µs
since 1970 (i64), kind (u8), sender length (u8), then the sender (UTF-8) and the payload. A torn or damaged frame never
hides the frames after it.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_HEADER = struct.Struct("<4sIIqBB")
_MAGIC = b"TOsp"


class Kind(IntEnum):
    """What a payload is; numbers are on disk and never change their meaning."""

    TRACES = 1  # OTLP ExportTraceServiceRequest, protobuf
    LOGS = 2  # OTLP ExportLogsServiceRequest, protobuf
    OBSERVATIONS = 3  # NDJSON of system snapshots
    REFUSED = 4  # one refused item as JSON, for the quarantine


@dataclass(frozen=True, slots=True)
class Frame:
    """One accepted request; `received_us` is wall time in µs since 1970."""

    kind: Kind
    received_us: int
    sender: str
    payload: bytes


def encoded(frame: Frame) -> list[bytes]:
    """The frame as buffers for one gathering write; the payload is not copied."""
    sender = frame.sender.encode()[:255]
    checksum = zlib.crc32(frame.payload, zlib.crc32(sender))
    header = _HEADER.pack(_MAGIC, len(frame.payload), checksum, frame.received_us, frame.kind, len(sender))
    return [header + sender, frame.payload]


def frames(content: bytes) -> Iterator[Frame]:
    """Every whole frame of a segment in order; damaged stretches are skipped up to the next frame."""
    place = 0
    while 0 <= place < len(content):
        frame, end = _frame_at(content, place)
        if frame is None:
            place = content.find(_MAGIC, place + 1)
        else:
            yield frame
            place = end


def _frame_at(content: bytes, place: int) -> tuple[Frame | None, int]:
    if place + _HEADER.size > len(content):
        return None, place
    magic, size, checksum, received_us, kind, sender_size = _HEADER.unpack_from(content, place)
    start = place + _HEADER.size
    middle, end = start + sender_size, start + sender_size + size
    if (
        magic != _MAGIC
        or end > len(content)
        or zlib.crc32(content[start:end]) != checksum
        or kind not in Kind._value2member_map_
    ):
        return None, place
    return Frame(Kind(kind), received_us, content[start:middle].decode(errors="replace"), content[middle:end]), end
