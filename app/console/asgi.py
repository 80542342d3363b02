"""The console's one entry: pages, health and security headers on one port.

Started by `streamlit run app/console/asgi.py --server.address 127.0.0.1 --server.port 8501`, from any working
directory.
"""

from __future__ import annotations

import asyncio
import logging
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from streamlit import config
from streamlit.config_option import ConfigOption

from app.console.gatekeeping import Gatekeeping, trusted_hosts
from app.console.sign_in import oidc_secrets
from app.readings.processes import missing
from app.readings.systems import reading as systems
from models.private_home import mended_home, owner_only
from models.process_log import start_log
from models.settings import read_settings

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


async def healthz(request: Request) -> JSONResponse:
    """Whether this process answers, what hinders its reading of the lake at the moment, and what is read too seldom."""
    return JSONResponse({"status": "ok", "process": "console", **await asyncio.to_thread(_state)})


async def readyz(request: Request) -> JSONResponse:
    """Whether pages can be drawn and tell of today: 503 while lake or journal cannot be read, or engine or collector do
    not run. What is stale is told and stops no page.
    """
    state = await asyncio.to_thread(_state)
    ready = not (state["faults"] or state["missing"])
    return JSONResponse({"ready": ready, **state}, 200 if ready else 503)


def _state() -> dict[str, list[Any]]:
    """What hinders reading, which processes do not run, and each source that is older than its service level, with when
    it was read last.
    """
    from app.console.asking import stores  # only now, for its caches belong to Streamlit's runtime

    faults = [fault] if (fault := stores().lake.fault) else []
    try:
        found = systems.stale(stores())
        gone = missing(stores().settings, stores().journal)
    except Exception as error:  # noqa: BLE001  a probe names what it could not read, whatever it is
        return {
            "faults": [*faults, f"journal: {type(error).__name__}: {error}"],
            "missing": missing(stores().settings, None),
            "stale": [],
        }
    stale = [
        {"system": one.system, "name": one.name, "since": one.since.isoformat() if one.since else None, "why": one.why}
        for one in found
    ]
    return {"faults": faults, "missing": gone, "stale": stale}


@asynccontextmanager
async def private(_: st.App) -> AsyncIterator[None]:
    """While the console serves, what it writes is the home's owner's alone."""
    owner_only()
    await asyncio.to_thread(mended_home, settings.home)
    yield


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
app = st.App(
    HERE / "entry.py",
    routes=[Route("/healthz", healthz), Route("/readyz", readyz)],
    middleware=[Middleware(Gatekeeping, hosts=trusted_hosts(settings))],
    lifespan=private,
    secrets=oidc_secrets(settings),
    on_script_error=explain,
)
