"""Mail and chat by apprise, over its own plug-in for JSON to a receiver on loopback (X10)."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from models.alerting.sending import Sending
from models.domain.audience import Road
from models.journal import Journal
from tests.alerting import OPERATIONS, RATES, Desk, Wall, found

pytestmark = pytest.mark.req("X10")


class Chat:
    """A service that takes messages, or refuses them."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.answer = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.messages.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(outer.answer)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def chat() -> Iterator[Chat]:
    service = Chat()
    threading.Thread(target=service.server.serve_forever, args=(0.01,), daemon=True).start()
    yield service
    service.server.shutdown()
    service.server.server_close()


def test_a_message_says_what_the_alert_says_with_its_id_and_a_refusal_names_no_address(
    journal: Journal, wall: Wall, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    address = f"json://me:t0psecret@127.0.0.1:{chat.server.server_port}/hook"
    desk = Desk(journal, [replace(OPERATIONS, roads=("mail",))])
    desk.sending = Sending(journal.alerts, {"mail": Road("mail", "apprise", "ACME_MAIL")}, {"ACME_MAIL": address})
    journal.cases.report("d", [found("project-missing", "*PRJ-1* <b>")], RATES)
    chat.answer = 500
    assert desk.turn() == 1 and journal.alerts.recent()[0].state == "pending"
    assert "t0psecret" not in caplog.text + str(journal.alerts.recent()[0].fault)
    chat.answer = 200
    wall.forward(timedelta(seconds=6))
    assert desk.turn() == 1
    [delivery] = journal.alerts.recent()
    first, again = chat.messages
    assert delivery.state == "delivered" and first == again
    assert (
        again["title"] == delivery.alert.title and again["message"] == f"{delivery.alert.text}\n\n{delivery.alert_id}"
    )
    assert "＊PRJ-1＊ ＜b＞" in again["message"]


def test_an_address_that_nobody_knows_is_named_by_its_number(journal: Journal, wall: Wall) -> None:
    desk = Desk(journal, [replace(OPERATIONS, roads=("mail",))])
    desk.sending = Sending(
        journal.alerts, {"mail": Road("mail", "apprise", "ACME_MAIL")}, {"ACME_MAIL": "nope://t0psecret"}
    )
    journal.cases.report("d", [found("project-missing", "PRJ-1")], RATES)
    desk.turn()
    assert journal.alerts.recent()[0].fault == "address 1 in ACME_MAIL is none that apprise knows"


def test_apprise_is_imported_by_the_first_message_alone() -> None:
    """It takes 16 MiB and a tenth of a second, in three processes of which one sends."""
    code = "import sys, models.alerting.chat; sys.exit('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
