"""Entry point of the `collect` process: the audit lake's only writer, listening for OTLP/HTTP and snapshots."""

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
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import uvicorn

from collectors.exposure import Tls, exposure
from collectors.memory import few_arenas, without_pandas
from collectors.wrong_protocol import HttpOnly
from models.domain.errors import Misconfigured
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
    without_pandas()
    pa.set_memory_pool(
        pa.system_memory_pool()
    )  # Arrow's own pools keep what a burst took: 50 MiB more resident for no more speed
    try:
        settings = read_settings()
        start_log(settings.log_level)
        tls = exposure(settings).tls
        made_private(settings.home)
        with _listening(settings) as listener:
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
    config = uvicorn.Config(
        collector.application,
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
    server = _Server(config)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, setattr, server, "should_exit", True)
    collector.start()
    try:
        await server.serve(sockets=[listener])
    finally:
        await asyncio.to_thread(collector.stop)


def _tls(tls: Tls) -> dict[str, Any]:
    options = {"ssl_certfile": tls.certificate, "ssl_keyfile": tls.key}
    if tls.client_ca is None:
        return options
    return {**options, "ssl_ca_certs": str(tls.client_ca), "ssl_cert_reqs": ssl.CERT_REQUIRED}


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.otlp_host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.otlp_host, settings.otlp_port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise Misconfigured(
            f"cannot listen on {settings.otlp_host}:{settings.otlp_port} ({error.strerror}): "
            "end what uses the port, or set TIEOUT_OTLP_PORT"
        ) from error
    return listener


def _said(error: Misconfigured) -> int:
    print(error, file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
