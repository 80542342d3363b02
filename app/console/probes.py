"""What the console tells machines that ask: whether it answers, whether its pages tell of today, measures (O12, X18).

On this machine all of it. Beyond, or through a proxy, no more than yes or no, and measures to who shows the token of a
sender of the scope `metrics`: these paths lie outside the sign-in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.readings import measures, processes
from app.readings.stores import Stores
from app.readings.systems import reading as systems
from models.ailing import Ailing
from models.domain.errors import Misconfigured
from models.domain.loopback import is_loopback
from models.measures import MEDIA, exposition
from models.senders import READING, SenderBook

_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


async def healthz(request: Request) -> Response:
    """Whether this process answers, which a load balancer asks; and all that `readyz` names."""
    if not _near(request):
        return JSONResponse({"status": "ok"})
    return JSONResponse({"status": "ok", "process": "console", **await asyncio.to_thread(_state)})


async def readyz(request: Request) -> Response:
    """Whether pages tell of today: 503 while lake or journal cannot be read, engine or collector do not run or a part
    of them is stuck, or a source is older than its service level. Pages are drawn all the same, and say so.
    """
    state = await asyncio.to_thread(_state)
    ready = not any(state.values())
    told = {"ready": ready, **state} if _near(request) else {"ready": ready}
    return JSONResponse(told, 200 if ready else 503)


async def metrics(request: Request) -> Response:
    """What Prometheus reads of the installation and of this process."""
    if not _near(request) and (refusal := await asyncio.to_thread(_refusal, request)):
        return refusal
    found = await asyncio.to_thread(lambda: measures.measures(_stores(), not any(_state().values())))
    return Response(exposition(found), media_type=MEDIA)


def _state() -> dict[str, list[Any]]:
    """What hinders reading, which processes do not run, which parts of them are stuck, and each source that is older
    than its service level, with when it was read last.
    """
    faults = [fault] if (fault := _stores().lake.fault) else []
    state: dict[str, list[Any]] = {"faults": faults, "missing": [], "stuck": [], "stale": []}
    try:
        return {**state, **_ages(_stores())}
    except Exception as error:  # noqa: BLE001  a probe names what it could not read, whatever it is
        gone = processes.ailing_of(_stores().settings, None)
        return {
            **state,
            "faults": [*faults, f"journal: {type(error).__name__}: {error}"],
            "missing": _sentences(gone, lambda part: part is None),
        }


def _ages(stores: Stores) -> dict[str, list[Any]]:
    ailing, stale = processes.ailing(stores), systems.stale(stores)
    return {
        "missing": _sentences(ailing, lambda part: part is None),
        "stuck": _sentences(ailing, lambda part: part is not None),
        "stale": [
            {"system": one.system, "name": one.name, "since": one.since and one.since.isoformat(), "why": one.why}
            for one in stale
        ],
    }


def _sentences(ailing: tuple[Ailing, ...], of: Callable[[str | None], bool]) -> list[str]:
    return [one.sentence for one in ailing if of(one.part)]


def _stores() -> Stores:
    from app.console.asking import stores  # only now, for its caches belong to Streamlit's runtime

    return stores()


def _near(request: Request) -> bool:
    """Whether a program of this machine asks for itself: what a proxy hands on is somebody else's question."""
    here = request.client is not None and is_loopback(request.client.host)
    return here and not any(name in request.headers for name in _FORWARDED)


def _refusal(request: Request) -> Response | None:
    kind, _, token = request.headers.get("authorization", "").strip().partition(" ")
    try:
        sender = SenderBook(_stores().settings).of(token.strip()) if kind.lower() == "bearer" else None
    except Misconfigured as error:
        return JSONResponse({"error": str(error)}, 503)
    if sender is None:
        said = "send the token of a sender: authorization: Bearer … (`tieout senders add`)"
        return JSONResponse({"error": said}, 401, {"www-authenticate": "Bearer"})
    if READING not in sender.scopes:
        return JSONResponse({"error": f"the sender {sender.name} may not read measures"}, 403)
    return None
