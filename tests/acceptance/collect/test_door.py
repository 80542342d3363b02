"""A collector that other machines reach: TLS and tokens over the wire to a real process (C10, G3)."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest

from models.senders import SenderBook
from tests.acceptance.collect.process import PROTOBUF, CollectorProcess
from tests.unit.collect.certificates import certificate
from tests.unit.collect.requests import traces

TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
pytestmark = [pytest.mark.req("C10", "G3"), pytest.mark.processes]


def test_senders_from_elsewhere_show_a_token_over_tls(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    collector = CollectorProcess(
        tmp_path / "home",
        TIEOUT_OTLP_HOST="0.0.0.0",
        TIEOUT_OTLP_CERT=str(cert),
        TIEOUT_OTLP_KEY=str(key),
        TIEOUT_GRPC="on",
    )
    collector.address, collector.trusting = (
        f"https://127.0.0.1:{collector.port}",
        ssl.create_default_context(cafile=cert),
    )
    book, now = SenderBook(collector.settings), datetime.now(UTC)
    token = book.add("ipaas", ("traces",), "operator", now)
    collector.start()
    body = traces(2).SerializeToString()

    def status(path: str = "/v1/traces", **headers: str) -> int:
        return collector.post(path, body, PROTOBUF, **headers)[0]

    try:
        assert status() == 401
        assert status(Authorization=f"Bearer {token}") == 200
        assert status("/v1/logs", Authorization=f"Bearer {token}") == 403
        trusting = grpc.ssl_channel_credentials(cert.read_bytes())
        with grpc.secure_channel(f"127.0.0.1:{collector.grpc_port}", trusting) as channel:
            call = channel.unary_unary(TRACES)
            call(body, metadata=[("authorization", f"Bearer {token}")], timeout=10)
            with pytest.raises(grpc.RpcError) as caught:
                call(body, timeout=10)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        book.revoke("ipaas", "operator", now)
        assert status(Authorization=f"Bearer {token}") == 401
        collector.until_stored()
        assert collector.rows("select count(*) as n from spans") == [{"n": 4}]
        assert collector.terminate() == 0
    finally:
        collector.close()
