"""The engine's side of a registered endpoint, in the standard library alone: it proves the message, knows a key that
came before, answers, and then runs the flow again.

What it must do is told in integrations/endpoints/README.md; an installation's own may begin as a copy of this file.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

OLDEST_SECONDS = 300


def proven(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether this was signed just now with the secret (whsec_…), as Standard Webhooks says."""
    message_id, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not moment.isdigit() or abs(time.time() - int(moment)) > OLDEST_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = hmac.new(key, f"{message_id}.{moment}.".encode() + body, hashlib.sha256).digest()
    shown = [one.removeprefix("v1,") for one in headers.get("webhook-signature", "").split()]
    return any(hmac.compare_digest(base64.b64encode(wanted), one.encode()) for one in shown)


@contextmanager
def receiving(secret: str, run: Callable[[str], None]) -> Iterator[str]:
    """An address on loopback whose `/again` runs what its message is about, each key once, and whose `/preview` says
    what that would do.
    """
    known: set[str] = set()

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if not proven(secret, self.headers, body):
                self._answer(401)
                return
            message = json.loads(body)
            about = message["business_key"]
            if message["type"] == "tieout.replay.preview":
                self._answer(200, {"current": {about: "not posted"}, "wanted": {about: "posted"}})
                return
            new = message["key"] not in known
            known.add(message["key"])  # an endpoint that may be restarted keeps them on disk
            self._answer(202 if new else 409)
            if new:
                threading.Thread(target=run, args=(about,), daemon=True).start()

        def _answer(self, status: int, said: Any = None) -> None:
            content = json.dumps(said or {}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *words: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
