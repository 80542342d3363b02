"""What a queue holds is kept in the inbox, and acknowledged once it is on disk there (E11, C6).

What is no event is kept with its reason, for the dead letters: it holds up nothing that comes after it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from collectors.brokers.binding import Unreadable, event_in, traceparent_in
from collectors.brokers.link import Link, until_gone
from collectors.brokers.places import queue_there
from collectors.brokers.reach import Reach
from models.action_log import action
from models.catalogue.broker import Broker
from models.domain.clock import Clock
from models.domain.errors import Retriable
from models.domain.secrets import MASK, secret_name
from models.journal.inbox import Appended, Item

_log = logging.getLogger(__name__)
_KEPT = 64 * 1024  # bytes of a body that is no event
_PLAIN = ("", "identity", "utf-8", "utf8")  # what senders say of a body that is as it is
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


class Inbox(Protocol):
    """Where events go. Raises Retriable while the journal cannot be opened."""

    def append(self, items: Sequence[Item]) -> Appended: ...


class Taking:
    """One broker's queue. `clock` is wall time."""

    def __init__(self, broker: Broker, reaches: Sequence[Reach], inbox: Inbox, clock: Clock) -> None:
        self._broker, self._inbox, self._clock = broker, inbox, clock
        self.link = Link(f"from broker {broker.name}", reaches, self._session)
        self._counted: Counter[str] = Counter()
        self._last: datetime | None = None
        self._refused: str | None = None
        self._told: set[str] = set()

    def shown(self) -> dict[str, Any]:
        """How it stands: what was counted since the start, when the last message came, why the last refused one was."""
        told = {"queue": self._broker.queue, "connected": self.link.connected, **dict(sorted(self._counted.items()))}
        told |= {"last_message": self._last.isoformat(timespec="seconds")} if self._last else {}
        return told | ({"last_refusal": self._refused} if self._refused else {})

    def counts(self) -> Mapping[str, int]:
        """Messages by what they came to."""
        return dict(self._counted)

    async def _session(self, connection: AbstractConnection) -> None:
        queue = await queue_there(connection, self._broker.queue)
        channel = await connection.channel(publisher_confirms=False)
        await channel.set_qos(prefetch_count=self._broker.prefetch)
        came: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        await (await channel.get_queue(queue, ensure=False)).consume(came.put)
        self.link.well()
        await until_gone(channel, self._take(came))

    async def _take(self, came: asyncio.Queue[AbstractIncomingMessage]) -> None:
        while True:
            messages = [await came.get()]
            while not came.empty():
                messages.append(came.get_nowait())
            await self._keep([self._item(one) for one in messages])
            await messages[-1].ack(multiple=True)

    async def _keep(self, items: Sequence[Item]) -> None:
        """Until the journal has them: nothing is acknowledged before, and no more comes than may be unanswered."""
        pause = _FIRST_PAUSE
        while True:
            try:
                appended = await asyncio.to_thread(self._appended, items)
                break
            except Exception as error:  # noqa: BLE001 - the journal may take them the next time
                self._counted["put off"] += len(items)
                self.link.ails(f"the journal takes nothing: {error}")
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
        self.link.well()
        self._count(items, appended)

    def _appended(self, items: Sequence[Item]) -> Appended:
        """Keep them together; where one cannot be kept as it is, each alone, and that one as its fault."""
        try:
            return self._inbox.append(items)
        except Retriable:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is odd about one is no fault of the others
            if len(items) > 1:
                each = [self._appended([one]) for one in items]
                return Appended(sum(one.new for one in each), sum(one.known for one in each))
            return self._inbox.append([_unkept(items[0], error)])

    def _count(self, items: Sequence[Item], appended: Appended) -> None:
        refused = [item.refusal for item in items if item.refusal is not None]
        self._last = self._clock.now()
        self._counted += Counter({"new": appended.new, "known": appended.known, "refused": len(refused)})
        for code, why, _ in refused:
            self._refused = why
            if code not in self._told:
                self._told.add(code)
                action(_log, logging.WARNING, "message.refused", broker=self._broker.name, code=code, why=why)

    def _item(self, message: AbstractIncomingMessage) -> Item:
        name, now, trace = self._broker.name, self._clock.now(), traceparent_in(message.headers)
        try:
            event = self._event(message)
        except Unreadable as error:
            return Item(name, f"unread {_digest(message)}", now, _as_it_came(message), trace, error.refusal)
        return Item(name, f"{event['source']} {event['id']}", now, event, trace, self._foreign(event))

    def _event(self, message: AbstractIncomingMessage) -> dict[str, Any]:
        if len(message.body) > self._broker.body_bytes:
            limit = self._broker.body_bytes >> 10
            raise Unreadable("too-large", f"its body is larger than {limit} KiB (body_kib in brokers.toml)", "body")
        if (encoding := (message.content_encoding or "").lower()) not in _PLAIN:
            raise Unreadable("not-json", f"its body is encoded ({encoding[:40]}): send it as it is", "content_encoding")
        return event_in(message.content_type or "", message.headers, message.body)

    def _foreign(self, event: Mapping[str, Any]) -> tuple[str, str, str] | None:
        """A refusal for the event of a system that may not speak by this road."""
        system = event["source"].partition("/")[0]
        if system in self._broker.sources:
            return None
        why = f"its source is {system}, and broker {self._broker.name} brings events of "
        return ("foreign-source", f"{why}{', '.join(self._broker.sources)} alone (sources in brokers.toml)", "source")


def _digest(message: AbstractIncomingMessage) -> str:
    """By which a message is known that names no event: it comes again as it was."""
    headers = repr(sorted((name, str(value)) for name, value in message.headers.items()))
    told = f"{message.content_type} {message.message_id} {headers}".encode()
    return hashlib.sha256(told + b"\0" + message.body).hexdigest()


def _as_it_came(message: AbstractIncomingMessage) -> dict[str, Any]:
    return {
        "media": message.content_type or "",
        "headers": {name: MASK if secret_name(name) else str(value)[:1024] for name, value in message.headers.items()},
        "bytes": len(message.body),
        "text": message.body[:_KEPT].decode("utf-8", "replace"),
    }


def _unkept(item: Item, error: Exception) -> Item:
    why = f"the journal cannot keep what it holds: {type(error).__name__}"
    digest = hashlib.sha256(repr(item.body).encode("utf-8", "replace")).hexdigest()
    return Item(item.source, f"unkept {digest}", item.received_at, {"text": ""}, None, ("unstorable", why, None))
