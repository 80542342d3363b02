"""The console's own heartbeat: whether its event loop turns, on which all pages of this process wait. It rings for
processes that are dead, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from models.alerting.alerting import Alerting
from models.alerting.bell import Outbox
from models.catalogue import Catalogue
from models.domain.beats import Beat, Beats
from models.presence import CONSOLE, this_process
from models.settings import read_settings
from models.telling import TELL_SECONDS, Telling

ALLOWED = {"pages": 15.0}
_STOP_SECONDS = 2.0


@asynccontextmanager
async def pulse() -> AsyncIterator[None]:
    """Tell the journal of this process meanwhile."""
    beats, process = Beats(ALLOWED), this_process()
    alerting = Alerting(read_settings(), _opened, process)
    telling = Telling(_tell, process, CONSOLE, lambda: [*beats.all(), *alerting.beats()])
    telling.start()
    alerting.start()
    turning = asyncio.create_task(_turns(beats))
    try:
        yield
    finally:
        turning.cancel()
        await asyncio.to_thread(telling.stop, _STOP_SECONDS)
        await asyncio.to_thread(alerting.stop, _STOP_SECONDS)


async def _turns(beats: Beats) -> None:
    while True:
        beats.well("pages")
        await asyncio.sleep(TELL_SECONDS)


def _tell(process: str, role: str, beats: Sequence[Beat]) -> None:
    from app.console.asking import desk  # only now, for its caches belong to Streamlit's runtime

    desk().heartbeats.tell(process, role, beats)


def _opened() -> tuple[Catalogue, Outbox]:
    from app.console.asking import desk, stores  # likewise

    return stores().catalogue, desk()
