"""What was admitted goes out to a broker's exchange, in order, and is marked once the broker has confirmed it (E12).

The feed is the outbox: a collector that dies, or a broker that is away, leaves everything there that is not marked.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from aio_pika.abc import AbstractConnection, AbstractExchange
from aio_pika.exceptions import ChannelPreconditionFailed, DeliveryError

from collectors.brokers.link import Away, Link, until_gone
from collectors.brokers.outgoing import Outgoing, batches, outgoing
from collectors.brokers.places import exchange_there
from collectors.brokers.reach import Reach
from models.action_log import action
from models.catalogue.broker import Broker
from models.domain.record import Record
from models.journal.outbox import Unsent
from models.leased import Leased

_log = logging.getLogger(__name__)
T = TypeVar("T")
_PAGES = 100  # pages of the feed a turn
_MARKED = 500  # events after which it is marked how far they have gone
_IDLE_SECONDS, _REST_SECONDS = 0.5, 5.0
_CONFIRM_SECONDS = 30.0
_ITS_OWN = (ChannelPreconditionFailed, TypeError, ValueError)
"""What one message is refused for, whenever it is sent."""


class Page(Protocol):
    """One committed group of moves."""

    @property
    def position(self) -> int: ...
    @property
    def records(self) -> Sequence[Record]: ...


class Outbox(Protocol):
    """What the journal's outbox does for us; models.journal.outbox gives one."""

    def begun(self, broker: str) -> int: ...
    def read(self, after: int, limit: int) -> Sequence[Page]: ...
    def sent(self, broker: str, position: int, refused: Sequence[Unsent]) -> None: ...
    def again(self, broker: str) -> Sequence[Unsent]: ...
    def delivered(self, one: Unsent) -> None: ...
    def refused(self, one: Unsent) -> None: ...


class Sending:
    """One broker's exchange. Of several collectors the one that holds the lease sends."""

    def __init__(self, broker: Broker, reaches: Sequence[Reach], outbox: Outbox, leased: Leased) -> None:
        self._broker, self._outbox, self._leased = broker, outbox, leased
        self.link = Link(f"to broker {broker.name}", reaches, self._session, leased.let_go)
        self._counted: Counter[str] = Counter()
        self._last: datetime | None = None
        self._position: int | None = None
        self._alone = False  # one message at a time, since one of those before was refused
        self._refused: dict[tuple[str, str], str] = {}
        self._gone: set[tuple[str, str]] = set()  # confirmed, and not marked yet: they need not go again from here

    def shown(self) -> dict[str, Any]:
        """How it stands: what was counted since the start, and when the last message went."""
        told = {"exchange": self._broker.exchange, "connected": self.link.connected}
        told |= dict(sorted(self._counted.items()))
        return told | ({"last_message": self._last.isoformat(timespec="seconds")} if self._last else {})

    def counts(self) -> Mapping[str, int]:
        """Messages by what they came to."""
        return dict(self._counted)

    async def _session(self, connection: AbstractConnection) -> None:
        name = await exchange_there(connection, self._broker.exchange)
        channel = await connection.channel(publisher_confirms=True, on_return_raises=False)
        exchange = await channel.get_exchange(name, ensure=False)
        self._position = None
        self.link.well()
        await until_gone(channel, self._send(exchange))

    async def _send(self, exchange: AbstractExchange) -> None:
        while True:
            if not await _asked(self._leased.ours):
                self._position = None
                await asyncio.sleep(_REST_SECONDS)
                continue
            await self._sent_again(exchange)
            if not await self._turn(exchange):
                await asyncio.sleep(_IDLE_SECONDS)

    async def _turn(self, exchange: AbstractExchange) -> bool:
        """Send what stands in some pages of the feed; whether there were any."""
        if self._position is None:
            self._position = await _asked(self._outbox.begun, self._broker.name)
        pages = await _asked(self._outbox.read, self._position, _PAGES)
        refused: list[Unsent] = []
        count = 0
        for page in pages:
            if not await _asked(self._leased.ours):
                self._position = None
                return False
            for batch in batches(outgoing(page.records, self._broker.rates)):
                refused += await self._batch(exchange, batch)
                count += len(batch)
            if count >= _MARKED or page is pages[-1]:
                await _asked(self._outbox.sent, self._broker.name, page.position, refused)
                self._position, refused, count = page.position, [], 0
                self._gone.clear()
        self._alone = False
        return bool(pages)

    async def _batch(self, exchange: AbstractExchange, batch: Sequence[Outgoing]) -> list[Unsent]:
        """Send these, at once unless one of them is under suspicion; those that are to be kept."""
        if not self._alone:
            return await self._together(exchange, batch)
        return [kept for one in batch for kept in await self._together(exchange, [one])]

    async def _together(self, exchange: AbstractExchange, batch: Sequence[Outgoing]) -> list[Unsent]:
        going = [one for one in batch if one.key not in self._refused and one.key not in self._gone]
        answers = await asyncio.gather(*(self._published(exchange, one) for one in going), return_exceptions=True)
        heard = {one.key for one, answer in zip(going, answers, strict=True) if answer is True}
        unheard = {one.key for one, answer in zip(going, answers, strict=True) if answer is False}
        self._counted += Counter({"sent": len(heard), "unheard": len(unheard)})
        kept = unheard if self._broker.unheard == "keep" else set()
        self._gone |= heard | (unheard - kept)
        for one, answer in zip(going, answers, strict=True):
            if isinstance(answer, BaseException):
                self._failed(one, answer, len(going))
        self._last = datetime.now(UTC) if going else self._last
        return [self._kept(one) for one in batch if one.key in self._refused or one.key in kept]

    def _kept(self, one: Outgoing) -> Unsent:
        where = f"exchange {self._broker.exchange} by the routing key {one.routing_key}"
        why = self._refused.pop(one.key, f"nobody listens: no queue is bound to {where}")
        self._counted["refused"] += 1
        action(_log, logging.WARNING, "event.unsent", broker=self._broker.name, event=one.key[1], why=why)
        return Unsent(self._broker.name, one.body, why)

    async def _published(self, exchange: AbstractExchange, one: Outgoing) -> bool:
        """Send one and wait for its confirmation; whether a queue heard it."""
        answer = await exchange.publish(one.message(), one.routing_key, mandatory=True, timeout=_CONFIRM_SECONDS)
        return not hasattr(answer, "body")  # a confirmation has none, a message that came back has

    def _failed(self, one: Outgoing, error: BaseException, together: int) -> None:
        """Raise what ends the session. What was not confirmed goes again, one by one if the broker found fault with a
        message; that one is kept then, and the others go on.
        """
        if isinstance(error, _ITS_OWN) and together == 1:
            self._refused[one.key] = f"the broker does not take it: {error}"
        self._alone = isinstance(error, _ITS_OWN)
        raise Away("it takes no more at the moment: is a queue full?") if isinstance(error, DeliveryError) else error

    async def _sent_again(self, exchange: AbstractExchange) -> None:
        """What somebody asked to have sent again."""
        for one in await _asked(self._outbox.again, self._broker.name):
            event = Outgoing(one.body)
            if event.key in self._refused:
                await _asked(self._outbox.refused, self._kept(event))
            elif await self._heard(exchange, event):
                await _asked(self._outbox.delivered, one)
            else:
                await _asked(self._outbox.refused, self._kept(event))

    async def _heard(self, exchange: AbstractExchange, one: Outgoing) -> bool:
        try:
            heard = await self._published(exchange, one)
        except Exception as error:  # noqa: BLE001 - it ends the session
            self._failed(one, error, 1)
        self._counted["sent"] += heard
        return heard


async def _asked(work: Callable[..., T], *arguments: Any) -> T:
    """What the journal answers. Raises Away while it does not: what was not marked is sent again."""
    try:
        return await asyncio.to_thread(work, *arguments)
    except Exception as error:
        raise Away(f"the journal does not answer: {error}") from error
