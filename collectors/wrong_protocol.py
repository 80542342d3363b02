"""A sender of gRPC at the port of HTTP hears nothing that helps it: the log says what is wrong, once a minute."""

from __future__ import annotations

import logging
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from models.action_log import action

_log = logging.getLogger(__name__)
_PREFACE = b"PRI * HTTP/2.0"  # how every HTTP/2 connection begins, RFC 9113
_PAUSE_SECONDS = 60.0
WORDS = (
    "this is the port of OTLP/HTTP: set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, or send gRPC to the port of gRPC "
    "(TIEOUT_GRPC_PORT, 4317)"
)


class HttpOnly(HttpToolsProtocol):
    """HTTP/1.1; of a connection in HTTP/2, which gRPC speaks, the log tells."""

    _told = float("-inf")

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._first = True

    def data_received(self, data: bytes) -> None:
        first, self._first = self._first, False
        if first and data.startswith(_PREFACE):
            _tell(self.client)
            self.transport.close()
            return
        super().data_received(data)


def _tell(client: tuple[str, int] | None) -> None:
    if time.monotonic() - HttpOnly._told >= _PAUSE_SECONDS:
        HttpOnly._told = time.monotonic()
        action(_log, logging.WARNING, "sender.speaks_grpc", sender=client[0] if client else "unknown", why=WORDS)
