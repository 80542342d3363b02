"""A reverse proxy on loopback that passes every byte on and says for whom, as one in front of a console does."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def forwarding(port: int, to: int) -> Iterator[None]:
    """While it lasts, what connects to `port` speaks with `to`."""
    door = socket.create_server(("127.0.0.1", port))
    threading.Thread(target=_admit, args=(door, port, to), daemon=True).start()
    try:
        yield
    finally:
        door.close()


def _admit(door: socket.socket, port: int, to: int) -> None:
    with suppress(OSError):
        while True:
            inner, _ = door.accept()
            outer = socket.create_connection(("127.0.0.1", to))
            told = f"X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Host: 127.0.0.1:{port}\r\n".encode()
            threading.Thread(target=_pass, args=(inner, outer, told), daemon=True).start()
            threading.Thread(target=_pass, args=(outer, inner, b""), daemon=True).start()


def _pass(source: socket.socket, target: socket.socket, told: bytes) -> None:
    """Until one end closes; `told` goes behind the first line of the first request."""
    with suppress(OSError), source, target:
        while data := source.recv(65_536):
            if told:
                line, end, rest = data.partition(b"\r\n")
                data, told = line + end + told + rest, b""
            target.sendall(data)
