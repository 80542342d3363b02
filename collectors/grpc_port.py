"""OTLP over gRPC, the default of many SDKs: a port of its own with the receivers, limits and senders of the HTTP port.

A call's bytes are posted to the receiver of the same signal over HTTP, and its reply becomes the call's status.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]

from collectors.pipeline.answer import PROTOBUF
from collectors.receivers.reply import Reply
from models.domain.errors import Misconfigured
from models.door import Tls
from models.settings import Settings

Posted = Callable[[str, Mapping[str, str], bytes, str], Awaitable[Reply]]
"""Path, headers, body and the sender's address to what its sender is answered."""
_PATHS = {
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export": "/v1/traces",
    "/opentelemetry.proto.collector.logs.v1.LogsService/Export": "/v1/logs",
    "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export": "/v1/metrics",
}
_CALLS = 8  # messages that may be in memory at once: the others wait in the network
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_DETAILS = "grpc-status-details-bin"


class GrpcPort:
    """Listens from the start to the stop. Raises Misconfigured when the port cannot be had."""

    def __init__(self, settings: Settings, tls: Tls | None, posted: Posted, loop: asyncio.AbstractEventLoop) -> None:
        options = [
            ("grpc.so_reuseport", 0),
            ("grpc.max_receive_message_length", settings.max_body_mib << 20),
            ("grpc.max_concurrent_streams", 100),
        ]
        pool = ThreadPoolExecutor(_CALLS, thread_name_prefix="grpc")
        self._server = grpc.server(pool, handlers=[_Calls(posted, loop)], options=options)
        host = f"[{settings.otlp_host}]" if ":" in settings.otlp_host else settings.otlp_host
        address = f"{host}:{settings.grpc_port}"
        try:
            if tls is None:
                self._server.add_insecure_port(address)
            else:
                self._server.add_secure_port(address, _credentials(tls))
        except RuntimeError as error:
            raise Misconfigured(
                f"cannot listen on {address} for gRPC: end what uses the port, set TIEOUT_GRPC_PORT, or TIEOUT_GRPC=off"
            ) from error

    def start(self) -> None:
        self._server.start()

    def stop(self, seconds: float) -> None:
        """Take nothing more and answer what is under way."""
        self._server.stop(seconds).wait(seconds)


class _Calls(grpc.GenericRpcHandler):  # type: ignore[misc]
    """Finds who answers a call, and answers."""

    def __init__(self, posted: Posted, loop: asyncio.AbstractEventLoop) -> None:
        self._posted, self._loop = posted, loop

    def service(self, call: grpc.HandlerCallDetails) -> Any:
        path = _PATHS.get(call.method)
        if path is None:
            return None
        headers = {name: value for name, value in call.invocation_metadata if isinstance(value, str)}

        def answered(body: bytes, context: grpc.ServicerContext) -> bytes:
            headers_ = {**headers, "content-type": PROTOBUF}
            work = self._posted(path, headers_, body, _address(context.peer()))
            reply = asyncio.run_coroutine_threadsafe(_awaited(work), self._loop).result()
            if reply.status != 200:
                _abort(context, reply)
            return reply.content

        return grpc.unary_unary_rpc_method_handler(answered)


async def _awaited(work: Awaitable[Reply]) -> Reply:
    return await work


def _abort(context: grpc.ServicerContext, reply: Reply) -> None:
    """End the call with the reply's status; an SDK sends again only what it is told to (OTLP 1.x, "Failures")."""
    status = Status.FromString(reply.content)
    after = dict(reply.extra).get(b"retry-after")
    if after is not None:
        detail = AnyMessage()
        detail.Pack(RetryInfo(retry_delay=Duration(seconds=int(after))))
        status.details.append(detail)
        context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))
    context.abort(_CODES.get(status.code, grpc.StatusCode.UNKNOWN), status.message)


def _credentials(tls: Tls) -> grpc.ServerCredentials:
    chain = (tls.key.read_bytes(), tls.certificate.read_bytes())
    authority = tls.client_ca.read_bytes() if tls.client_ca else None
    return grpc.ssl_server_credentials([chain], authority, authority is not None)


def _address(peer: str) -> str:
    """The address of a peer as gRPC writes it, ipv4:127.0.0.1:50000 say."""
    kind, _, rest = peer.partition(":")
    host = rest.rpartition(":")[0]
    return host.replace("%5B", "").replace("%5D", "").strip("[]") if kind in ("ipv4", "ipv6") else "unknown"
