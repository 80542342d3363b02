"""Queues and exchanges of a broker: what is there is used as it is, what is not is made to last."""

from __future__ import annotations

from aio_pika import ExchangeType
from aio_pika.abc import AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity


async def queue_there(connection: AbstractConnection, name: str) -> str:
    """The name of a queue that is there from now on; one that is missing is made durable."""
    try:
        async with connection.channel() as asking:
            await asking.declare_queue(name, passive=True)
    except ChannelNotFoundEntity:
        async with connection.channel() as making:
            await making.declare_queue(name, durable=True)
    return name


async def exchange_there(connection: AbstractConnection, name: str) -> str:
    """The name of an exchange that is there from now on; one that is missing is made durable, by topic."""
    try:
        async with connection.channel() as asking:
            await asking.declare_exchange(name, passive=True)
    except ChannelNotFoundEntity:
        async with connection.channel() as making:
            await making.declare_exchange(name, ExchangeType.TOPIC, durable=True)
    return name
