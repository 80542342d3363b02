"""Serving an application on loopback: in this thread's event loop, or in a thread of its own for tests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from integrations.sandbox.gateway import Gateway


class DroppingProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a way for the application to close the connection without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {"sandbox.close": {"close": self.transport.abort}}


def server(app: Gateway, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Server:
    """A quiet server; it keeps its hands off the process's signals when `capture_signals` is replaced."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=DroppingProtocol,
        loop="auto",
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


@contextmanager
def served(app: Gateway, host: str = "127.0.0.1") -> Iterator[str]:
    """The address of the application on a free port, served by a thread until the block ends."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, 0))
    listener.listen(512)
    running = server(app, host)
    arguments: dict[str, Any] = {"sockets": [listener]}
    thread = threading.Thread(target=running.run, kwargs=arguments, name="sandbox", daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{listener.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(timeout=5)
        listener.close()
