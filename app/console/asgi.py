"""The console's one entry: pages, health, measures and security headers on one port.

Started by `streamlit run app/console/asgi.py --server.address 127.0.0.1 --server.port 8501`, from any working
directory.
"""

from __future__ import annotations

import asyncio
import logging
import os
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Route
from streamlit import config
from streamlit.config_option import ConfigOption

from app.console.gatekeeping import Gatekeeping, names_of
from app.console.probes import healthz, metrics, readyz
from app.console.pulse import pulse
from app.console.returning import Returning
from app.console.sign_in import oidc_secrets
from models.domain.errors import Misconfigured
from models.door import console_exposure
from models.presence import CONSOLE, present
from models.private_home import mended_home, owner_only
from models.process_log import start_log
from models.settings import here, read_settings

HERE = Path(__file__).resolve().parent
log = logging.getLogger("tieout.console")


def adopt(file: Path) -> None:
    """Make the settings of a Streamlit configuration file hold where nothing else (a flag, the environment) set them.

    Streamlit looks for its file in the working directory, which belongs to whoever starts the process.
    """
    for section, options in (tomllib.loads(file.read_text()) if file.exists() else {}).items():
        for name, value in _leaves(section, options):
            if config.get_where_defined(name) == ConfigOption.DEFAULT_DEFINITION:
                config.set_option(name, value, str(file))


def _leaves(prefix: str, options: Mapping[str, Any]) -> list[tuple[str, Any]]:
    leaves: list[tuple[str, Any]] = []
    for name, value in options.items():
        path = f"{prefix}.{name}"
        leaves += _leaves(path, value) if isinstance(value, Mapping) else [(path, value)]
    return leaves


@asynccontextmanager
async def serving(_: st.App) -> AsyncIterator[None]:
    """While the console serves, what it writes is the home's owner's alone, and it says that it is there.

    Raises Misconfigured, so that it does not serve, where its address is open and TLS or sign-in is missing.
    """
    console_exposure(settings, config.get_option("server.address"))
    if exposure.tls and not config.get_option("server.sslCertFile"):
        raise Misconfigured("start it by `tieout console`, which hands TIEOUT_CONSOLE_CERT and _KEY to the server")
    owner_only()
    await asyncio.to_thread(mended_home, settings.home)
    host, port = config.get_option("server.address") or settings.host, config.get_option("server.port")
    scheme = "https" if config.get_option("server.sslCertFile") else "http"
    standing = present(settings.run_folder, CONSOLE, here(scheme, host, port))
    async with pulse():
        yield
    os.close(standing)


def explain(error: Exception) -> bool:
    """Show a person what to do, and leave the trace of it in the log under the number they see."""
    number = uuid4().hex[:8]
    log.error("page failed, error %s", number, exc_info=error)
    st.error(
        f"This page could not be drawn (error {number}). Reload it; if it stays, run `tieout doctor` and look for "
        f"{number} in the console's log.",
        icon=":material/error:",
    )
    return True


adopt(HERE.parents[1] / ".streamlit" / "config.toml")
settings = read_settings()
start_log(settings.log_level)
exposure = console_exposure(settings, settings.host)
app = st.App(
    HERE / "entry.py",
    routes=[Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)],
    middleware=[
        Middleware(Gatekeeping, names=names_of(settings), admits=exposure.admits, proxied=bool(exposure.proxies)),
        Middleware(Returning, base=f"/{config.get_option('server.baseUrlPath').strip('/')}"),
    ],
    lifespan=serving,
    secrets=oidc_secrets(settings),
    on_script_error=explain,
)
