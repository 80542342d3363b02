"""What a sender is answered over HTTP: a status and a sentence, in the encoding the sender spoke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from collectors.pipeline.answer import JSON, PROTOBUF

# google.rpc.Code beside each HTTP status
_RPC_CODE = {400: 3, 401: 16, 403: 7, 404: 5, 405: 12, 408: 4, 413: 3, 415: 3, 421: 7, 429: 8, 503: 14}
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer; `extra` are headers beside content type and length."""

    status: int
    content: bytes = b""
    media: str = JSON
    extra: Sequence[tuple[bytes, bytes]] = ()

    @property
    def headers(self) -> Headers:
        length = str(len(self.content)).encode()
        return [(b"content-type", self.media.encode()), (b"content-length", length), *self.extra]


def refused(status: int, sentence: str, media: str = JSON, retry_after: int | None = None) -> Reply:
    """A refusal with the sentence that helps (OTLP/HTTP 1.x, "Failures": google.rpc.Status); `retry_after` in seconds.

    JSON unless the sender spoke protobuf.
    """
    code = _RPC_CODE.get(status, 2)
    extra = [] if retry_after is None else [(b"retry-after", str(retry_after).encode())]
    if media == PROTOBUF:
        return Reply(status, Status(code=code, message=sentence).SerializeToString(), PROTOBUF, extra)
    return Reply(status, orjson.dumps({"code": code, "message": sentence}), JSON, extra)
