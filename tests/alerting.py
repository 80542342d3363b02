"""What tests of alerts share: wall time moved by hand, findings, a receiver of webhooks, an outbox that sends."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

import models.journal.alerts
import models.journal.leases
from models.ailing import Ailing
from models.alerting.ringing import Ringing
from models.alerting.sending import Sending
from models.alerting.wording import Wording
from models.domain.audience import Audience, Road
from models.domain.case import cause_title
from models.domain.explanations import EXPLANATIONS
from models.domain.finding import Cause, Finding
from models.domain.team import Teams
from models.journal import Journal
from models.journal.database import wall_now

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VARIABLE = "ACME_ALERT_SECRET"
RATES = {"EUR": Decimal(1)}
WORDS = Wording("EUR", "https://tieout.acme.example", Teams({"erp": "ERP team"}))
OPERATIONS = Audience("operations", ("hook",), pulse=True)


class Wall:
    """The database's wall time as alerts and leases read it, so many seconds ahead."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = 0
        for module in (models.journal.alerts, models.journal.leases):
            monkeypatch.setattr(module, "wall_now", lambda connection: wall_now(connection) + self._ahead)

    @property
    def seconds(self) -> float:
        """As a process's own monotonic clock."""
        return self._ahead / 1e6

    def forward(self, span: timedelta) -> None:
        self._ahead += int(span.total_seconds() * 1e6)


class Receiver:
    """Takes webhooks on loopback and keeps what it verified; `answers` are given one after the other, 204 after them:
    0 takes the alert and breaks the connection, as when an answer is lost.
    """

    def __init__(self) -> None:
        self.taken: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[int] = []
        self.headers: dict[str, str] = {}
        outer = self
        from standardwebhooks import Webhook

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                Webhook(SECRET).verify(body, dict(self.headers))
                outer.taken.append((str(self.headers["webhook-id"]), json.loads(body)))
                answer = outer.answers.pop(0) if outer.answers else 204
                if answer:
                    self.send_response(answer)
                    for name, value in outer.headers.items():
                        self.send_header(name, value)
                    self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/alerts?token=t0psecret"

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Desk:
    """One process that rings and sends, turn by turn."""

    def __init__(
        self,
        journal: Journal,
        audiences: Sequence[Audience],
        url: str = "",
        owner: str = "one",
        ailing: Callable[[], Sequence[Ailing]] = tuple,
        now: Callable[[], float] = lambda: 0.0,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.journal, self.owner = journal, owner
        self.ringing = Ringing(journal.alerts, audiences, WORDS, ailing, now)
        roads = {"hook": Road("hook", "webhook", VARIABLE, url)}
        known = {VARIABLE: SECRET} if environment is None else environment
        self.sending = Sending(journal.alerts, roads, known)

    def ring(self) -> None:
        """Ring, and send nothing."""
        self.ringing.watch()
        self.ringing.ring(self.owner)

    def turn(self) -> int:
        """Ring and send; how much was tried."""
        self.ringing.watch()
        if not self.journal.alerts.hold(self.owner, 45.0):
            return 0
        self.ringing.ring(self.owner)
        return self.sending.send(lambda: self.journal.alerts.hold(self.owner, 45.0))


def found(cause: str, key: str, amount: str = "1000.00", kind: str = "billing_blocked", **about: Any) -> Finding:
    """What a detector finds of a project, so that each key is a case."""
    words = EXPLANATIONS[cause]
    why = Cause(cause, cause_title(cause), words.explanation, words.next_action, "erp", kind, root=True)
    why = replace(why, flow="time-to-bill", system="netsuite", subject=("project", key))
    about = {"legal_entity": "ACME-DE", **about}
    return Finding(f"{cause}|{key}", why, "project", key, Decimal(amount), "EUR", **about)
