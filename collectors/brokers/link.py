"""A connection to a broker, made anew whenever it goes, on a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection

from collectors.brokers.reach import Reach
from models.action_log import action
from models.domain.secrets import without_secrets

_log = logging.getLogger(__name__)
logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # it quotes messages, and each attempt; faults are ours to tell
CONNECT_SECONDS = 10.0
HEARTBEAT_SECONDS = 10  # a broker that is silent for three of them is gone
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 15.0
_STEADY_SECONDS = 30.0
"""A connection that lasted for so long was well: the next one is tried soon."""
_SAID = 200
Session = Callable[[AbstractConnection], Awaitable[None]]


class Away(Exception):
    """A session ends because its connection, its channel or what it stood on has gone."""


class Link:
    """Runs `session` with one connection after another, each of the addresses in turn, until it is stopped.

    `name` is that of the part for logs and health. A session says `well` once it works; `last` is done at the end.
    """

    def __init__(
        self, name: str, reaches: Sequence[Reach], session: Session, last: Callable[[], object] = lambda: None
    ) -> None:
        self.name, self._reaches, self._session, self._last = name, reaches, session, last
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._work: asyncio.Task[None] | None = None
        self._why: str | None = "it was not reached yet"
        self._logged: str | None = None
        self.connected = False

    @property
    def fault(self) -> str | None:
        """What hinders it at the moment."""
        return None if self._why is None else f"{self.name}: {self._why}"

    def well(self) -> None:
        """It works."""
        if not self.connected:
            action(_log, logging.INFO, "broker.reached", road=self.name)
        self.connected, self._why = True, None

    def ails(self, why: str) -> None:
        """It does not, for this reason. A new reason is logged, also where it comes and goes."""
        said = without_secrets(self._without_passwords(why))[:_SAID]
        if said != self._logged:
            self._logged = said
            action(_log, logging.WARNING, "broker.hindered", road=self.name, why=said)
        self._why = said

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        """Begin to stop."""
        self._stopping.set()
        if self._loop is not None and self._work is not None:
            self._loop.call_soon_threadsafe(self._work.cancel)

    def join(self, seconds: float) -> None:
        """Wait for the end."""
        self._thread.join(seconds)

    def _run(self) -> None:
        asyncio.run(self._main())
        self._last()

    async def _main(self) -> None:
        self._loop, self._work = asyncio.get_running_loop(), asyncio.ensure_future(self._again())
        if self._stopping.is_set():
            self._work.cancel()
        await asyncio.wait([self._work])

    async def _again(self) -> None:
        pause, number = _FIRST_PAUSE, 0
        while True:
            began, reach = time.monotonic(), self._reaches[number % len(self._reaches)]
            try:
                await self._once(reach)
            except Exception as error:  # noqa: BLE001 - whatever ends a session, the next one may do better
                self.ails(_said(error, reach))
            self.connected, number = False, number + 1
            if time.monotonic() - began > _STEADY_SECONDS:
                pause, self._logged = _FIRST_PAUSE, None
            pause = min(pause * 2, _LONGEST_PAUSE)
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))

    async def _once(self, reach: Reach) -> None:
        connection = await asyncio.wait_for(_connected(reach, self.name), CONNECT_SECONDS)
        try:
            await self._session(connection)
        finally:
            with suppress(Exception):  # it may have gone before
                await asyncio.wait_for(connection.close(), 2.0)

    def _without_passwords(self, text: str) -> str:
        for reach in self._reaches:
            text = text.replace(reach.password, "***") if len(reach.password) > 5 else text
        return text


async def until_gone(channel: AbstractChannel, work: Coroutine[Any, Any, None]) -> None:
    """Do the work as long as the channel is there. Raises Away, or what the work raises."""
    both = [asyncio.ensure_future(_gone(channel)), asyncio.ensure_future(work)]
    try:
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        await (both[1] if both[1] in done else both[0])
    finally:
        for one in both:
            one.cancel()
        await asyncio.gather(*both, return_exceptions=True)


async def _gone(channel: AbstractChannel) -> None:
    """Raise Away once the channel has gone, or the broker ended what is consumed on it."""
    underlay = await channel.get_underlay_channel()
    ended = asyncio.Event()
    underlay.on_consumer_cancel_callbacks.add(lambda _: ended.set())
    waits = [asyncio.ensure_future(channel.closed()), asyncio.ensure_future(ended.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
    raise Away("its queue was taken away" if ended.is_set() else "the connection has gone")


async def _connected(reach: Reach, name: str) -> AbstractConnection:
    return await aio_pika.connect(
        host=reach.host,
        port=reach.port,
        login=reach.user,
        password=reach.password,
        virtualhost=reach.virtual_host,
        ssl=reach.tls is not None,
        ssl_context=reach.tls,
        timeout=CONNECT_SECONDS,
        client_properties={"connection_name": f"tieout {name}"},
        heartbeat=HEARTBEAT_SECONDS,
    )


def _said(error: Exception, reach: Reach) -> str:
    if isinstance(error, Away):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"{reach} did not answer in time"
    return f"{reach}: {error or type(error).__name__}"
