"""Vendors as their customers set them up, after public bug reports: answers of small servers on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from integrations.connectors import netsuite, salesforce
from integrations.contracts.connector import Role, SystemConfig
from models.domain.clock import SystemClock
from models.domain.errors import TieoutError

NO_COLUMN = [{"message": "No such column 'CurrencyIsoCode' on entity 'Account'.", "errorCode": "INVALID_FIELD"}]
JOB = {
    "id": "1",
    "externalid": "PRJ-A",
    "companyname": "PRJ-A",
    "currency": "USD",
    "entitystatus": "In Progress",
    "isinactive": "F",
    "subsidiary": "NOV-US",
    "subsidiarycurrency": "USD",
}


@contextmanager
def answering(say: Callable[[str, bytes], tuple[int, Any]]) -> Iterator[str]:
    """The address of a server that answers each (path, body) with what `say` gives as JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, content = say(self.path, self.rfile.read(int(self.headers.get("content-length") or 0)))
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: Any) -> None:
            """Nothing: a test says what went wrong itself."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.finding("case 31")
def test_netsuite_is_asked_for_dates_in_a_fixed_format() -> None:
    """0.1.0 asks for `lastmodifieddate` as it is and refuses every row of an account that shows 11/28/2026.
    Wanted: the query fixes the format.
    """

    def say(path: str, body: bytes) -> tuple[int, Any]:
        fixed = "to_char" in body.decode().lower()
        row = {**JOB, "lastmodifieddate": "2026-11-28T21:00:00Z" if fixed else "11/28/2026"}
        return 200, {"items": [row], "count": 1, "hasMore": False, "offset": 0, "totalResults": 1}

    with answering(say) as address:
        page = netsuite.CONNECTOR(
            SystemConfig("netsuite", "netsuite", Role.ERP, address, ("NOV-US",), {"token": "x" * 8}), SystemClock()
        ).poll("projects", None)
    assert not page.rejected, [str(error) for *_, error in page.rejected]


@pytest.mark.finding("case 32")
def test_a_salesforce_org_of_one_currency_can_be_read() -> None:
    """0.1.0 asks for CurrencyIsoCode always, so both streams fail and `check` says nothing of it.
    Wanted: all streams can be polled.
    """

    def say(path: str, body: bytes) -> tuple[int, Any]:
        if "CurrencyIsoCode" in path:
            return 400, NO_COLUMN
        if "limits" in path:
            return 200, {"DailyApiRequests": {"Max": 15000, "Remaining": 14998}}
        return 200, {"access_token": "t" * 10} if "token" in path else {"totalSize": 0, "done": True, "records": []}

    secrets = {"client_id": "a" * 8, "client_secret": "b" * 8}
    failed = []
    with answering(say) as address:
        connector = salesforce.CONNECTOR(
            SystemConfig("crm", "salesforce", Role.CRM, address, ("NOV-US",), secrets), SystemClock()
        )
        for stream in connector.streams:
            try:
                connector.poll(stream, None)
            except TieoutError as error:
                failed.append(f"{stream}: {error}")
    assert not failed, failed
