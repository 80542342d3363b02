"""An engine's endpoint as tests need it: it proves who calls, runs a key once, and answers as it is told."""

from __future__ import annotations

import base64
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

from collectors.detectors.foreign_run import failed
from models.catalogue import Policy, Role, SystemConfig
from models.catalogue.endpoint import ROLE, VENDOR, Endpoint, system_of
from models.domain.finding import Finding
from tests.unit.engine.hostile import START

SECRET = "whsec_" + base64.b64encode(b"a secret of an endpoint, 32 byte").decode()
RULE, FLOW = "ours", "ours/Post time"
Answer = Callable[[Mapping[str, Any], int], tuple[int, Mapping[str, str], Any] | None]
"""Of a message that came so many times: status, headers and body; None drops the connection without an answer."""


def accepted(message: Mapping[str, Any], times: int) -> tuple[int, Mapping[str, str], Any]:
    return 202, {}, {"run": f"new-{message['run']}"}


class Receiver:
    """What came, in order; `effects` counts what began by each key: a key that came before begins nothing."""

    def __init__(self, answer: Answer = accepted) -> None:
        self.answer = answer
        self.came: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.effects: Counter[str] = Counter()
        self.address = ""
        self._lock = threading.Lock()

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], Any] | None:
        message: dict[str, Any] = Webhook(SECRET).verify(body, dict(headers))
        with self._lock:
            if message["type"] == "tieout.replay":
                self.came.append({**message, "path": path})
                self.headers.append({name.lower(): value for name, value in headers.items()})
            answer = self.answer(message, self.keys[message["key"]])
            begins = message["type"] == "tieout.replay" and (answer is None or 200 <= answer[0] < 300)
            if begins and not self.effects[message["key"]]:
                self.effects[message["key"]] = 1
        return answer

    @property
    def keys(self) -> Counter[str]:
        return Counter(message["key"] for message in self.came)


@contextmanager
def listening(receiver: Receiver) -> Iterator[Receiver]:
    """Serve it on this machine for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            answer = receiver.take(self.path, dict(self.headers.items()), body)
            if answer is None:
                self.close_connection = True
                return
            status, headers, said = answer
            content = json.dumps(said).encode() if said is not None else b""
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        receiver.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield receiver
        finally:
            server.shutdown()


def endpoint(address: str, preview: str = "", within: float | None = 3600.0, **policy: Any) -> Endpoint:
    """A registered endpoint that is asked without pause."""
    quick = {"rate": 0.0, "backoff_base": 1.0, "timeout": 5.0, "breaker_failures": 100, **policy}
    system = SystemConfig(
        name=system_of(RULE),
        vendor=VENDOR,
        role=Role(ROLE),
        base_url=f"{address}/again?flow=post-time",
        credentials={"secret": SECRET},
        policy=Policy(**quick),
    )
    return Endpoint(RULE, system, f"{address}{preview}" if preview else "", within)


def failure(key: str, run: str = "run-1", amount: str | None = "800.00", **more: Any) -> Finding:
    """A failure as its detector finds it, about a time entry of this key; `run` is what its engine calls the run."""
    row = {
        "flow": FLOW,
        "system": "prefect",
        "instance": "",
        "step": "post",
        "template": "422 Request failed with status code *",
        "error_code": "RuntimeError",
        "error_message": f"Request failed with status code 422: {key}",
        "run_key": f"ours prefect  {run}-{key}",
        "run_id": f"{run}-{key}",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "attempt": 2,
        "failures": 1,
        "failed_since": START,
        "business_key": f"time_entry:{key}",
        "item_key": key,
        "known": False,
        "kind": None,
        "amount": None if amount is None else Decimal(amount),
        "currency": "EUR",
        "bill_amount": None,
        "billable": None,
        "company": "NOV-DE",
        "project_key": None,
        "customer_key": None,
        "period": None,
        "owner": "finance",
        "runbook": "",
        "page": "",
        "sampled": False,
        "replay_s": 3600.0,
        "sent_state": None,
        **more,
    }
    return failed(row)
