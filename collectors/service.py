"""Entry point of the `collect` process: the audit lake's only writer, listening for OTLP/HTTP, snapshots, webhooks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import ssl
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa
import uvicorn

from collectors.exposure import exposure, telemetry_door, webhook_door
from collectors.memory import few_arenas, without_pandas
from collectors.wrong_protocol import HttpOnly
from models.domain.errors import Misconfigured
from models.door import Door, Tls, opened
from models.garbage import seldom_collected
from models.presence import COLLECTOR, present
from models.private_home import made_private
from models.process_log import start_log
from models.settings import Settings, read_settings

try:
    from uvloop import run
except ImportError:  # a faster loop, not another one: where there is no build of it the standard one serves
    from asyncio import run  # type: ignore[assignment]

_BACKLOG = 512


class _Server(uvicorn.Server):
    """uvicorn that leaves signals to us: it would end the process by the signal it caught, we end with status 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def main() -> None:
    """Collect until SIGTERM or SIGINT; exit 0 after a clean end, 2 with a sentence when the settings cannot work."""
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a turn that outlasts its interval is no news
    few_arenas()
    seldom_collected()
    without_pandas()
    pa.set_memory_pool(
        pa.system_memory_pool()
    )  # Arrow's own pools keep what a burst took: 50 MiB more resident for no more speed
    try:
        settings = read_settings()
        start_log(settings.log_level)
        tls = exposure(settings).tls
        made_private(settings.home)
        with _listening(telemetry_door(settings)) as listener:
            present(settings.run_folder, COLLECTOR, settings.collector_here)
            run(_serve(settings, listener, tls))
    except Misconfigured as error:
        sys.exit(_said(error))
    if threading.active_count() > 1:
        # A merge or a locked catalogue may hold a thread for another half minute: a cut there is as harmless as a kill,
        # a late end is not.
        logging.shutdown()
        os._exit(0)


async def _serve(settings: Settings, listener: socket.socket, tls: Tls | None) -> None:
    from collectors.collector import Collector  # only now, so that no array is made before `without_pandas`

    loop = asyncio.get_running_loop()
    collector = Collector(settings, loop)
    with contextlib.ExitStack() as doors:
        ports = [(_Server(_config(collector.application, tls)), listener)]
        if collector.webhooks is not None:
            door = webhook_door(settings)
            webhooks = _Server(_config(collector.webhooks, opened(door).tls))
            ports.append((webhooks, doors.enter_context(_listening(door))))
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _end, [server for server, _ in ports])
        collector.start()
        try:
            await asyncio.gather(*(server.serve(sockets=[socket]) for server, socket in ports))
        finally:
            await asyncio.to_thread(collector.stop)


def _end(servers: Sequence[_Server]) -> None:
    for server in servers:
        server.should_exit = True


def _config(application: Any, tls: Tls | None) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=HttpOnly,
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=2,
        backlog=_BACKLOG,
        **(_tls(tls) if tls else {}),
    )


def _tls(tls: Tls) -> dict[str, Any]:
    options = {"ssl_certfile": tls.certificate, "ssl_keyfile": tls.key}
    if tls.client_ca is None:
        return options
    return {**options, "ssl_ca_certs": str(tls.client_ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}


def _listening(door: Door) -> socket.socket:
    family = socket.AF_INET6 if ":" in door.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((door.host, door.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise Misconfigured(
            f"cannot listen on {door.host}:{door.port} ({error.strerror}): "
            f"end what uses the port, or set {door.names}_PORT"
        ) from error
    return listener


def _said(error: Misconfigured) -> int:
    print(error, file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
