"""An HTTP server on a free port of loopback, one thread a connection, answered by one function."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from integrations.contracts.conformance.exchange import Response, write_body

Answer = Callable[[str, str, Mapping[str, str], bytes], Response | None]
"""(method, path with query, headers by lower-case name, body) -> the answer; None closes the connection without one."""


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """The address at which `answer` is asked, until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.answer = answer
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    answer: Answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answer(self.command, self.path, headers, body)
        if answer is None:
            self.close_connection = True
            return
        # In one piece: a head sent alone would wait for the client's delayed acknowledgement.
        content = write_body(answer.body)
        fields = {**answer.headers, "content-length": str(len(content))}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        line = f"HTTP/1.1 {answer.status} {responses.get(answer.status, '')}\r\n"
        self.wfile.write(f"{line}{head}\r\n".encode("latin-1") + content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _any

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: who plays or records says what went wrong."""
