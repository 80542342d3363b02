"""What the engines send, kept as it came: a body of OTLP for each run of Prefect, the lines of Node-RED's flow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.engines.engine import NodeRed, Prefect, ending

RUNS = {"failed": 2, "tried-again": 1, "done": 0}
"""The runs that are recorded, by how often the ERP refuses."""


def record(folder: Path, into: Path) -> int:
    """Write `prefect-<run>.traces` and `node-red.jsonl`; each key is that of a run's entry."""
    into.mkdir(parents=True, exist_ok=True)
    with _sink() as (address, bodies), ending(Prefect(folder, address)) as engine:
        for name, refused in RUNS.items():
            engine.run("time_entry:TE-kantata-1", refused)
            (into / f"prefect-{name}.traces").write_bytes(b"".join(bodies))
            bodies.clear()
    lines = into / "node-red.jsonl"
    lines.unlink(missing_ok=True)
    with ending(NodeRed(folder, lines)) as engine:
        for refused in (1, 0):
            engine.run("time_entry:TE-kantata-1", refused)
    return 0


@contextmanager
def _sink() -> Iterator[tuple[str, list[bytes]]]:
    """An address on loopback that answers with an empty message, and the bodies that came there."""
    bodies: list[bytes] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *words: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bodies
    finally:
        server.shutdown()
