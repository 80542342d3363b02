"""The memory that request bodies may take, shared so that large ones never crowd out small ones.

A body stays from its first byte until it is answered. Where there is no room its sender is not read from: the network
holds what it sends.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

SMALL_BYTES = 64 << 10
WAIT_SECONDS = 10.0


class NoRoom(Exception):
    """Others took the room for longer than a sender should have to wait."""


@dataclass(slots=True)
class _Waiting:
    sender: str
    size: int
    admitted: asyncio.Future[None]


class _Pool:
    def __init__(self, size: int) -> None:
        self._size = self._free = size
        self._held: Counter[str] = Counter()
        self._waiting: list[_Waiting] = []

    async def take(self, sender: str, size: int) -> int:
        """The bytes taken, once there is room for them. Raises NoRoom."""
        size = min(size, self._size)
        if self._waiting or size > self._free:
            await self._turn(_Waiting(sender, size, asyncio.get_running_loop().create_future()))
        else:
            self._enter(sender, size)
        return size

    def give(self, sender: str, size: int) -> None:
        """Give bytes back, and let in who holds the least of those that wait."""
        self._free += size
        self._held[sender] -= size
        self._held += Counter()
        while self._waiting:
            first = min(self._waiting, key=lambda one: self._held[one.sender])
            if first.size > self._free:
                return
            self._waiting.remove(first)
            if not first.admitted.done():
                self._enter(first.sender, first.size)
                first.admitted.set_result(None)

    def _enter(self, sender: str, size: int) -> None:
        self._free -= size
        self._held[sender] += size

    async def _turn(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await waiting.admitted
        except BaseException as error:
            if waiting in self._waiting:
                self._waiting.remove(waiting)
            if waiting.admitted.done() and not waiting.admitted.cancelled():
                self.give(waiting.sender, waiting.size)  # let in at the moment of giving up
            if isinstance(error, TimeoutError):
                raise NoRoom("large requests of others are being stored: wait, or send smaller batches") from error
            raise


class Room:
    """Room for `size` bytes of bodies, a quarter of it for those of up to 64 KiB."""

    def __init__(self, size: int) -> None:
        self._small, self._large = _Pool(size // 4), _Pool(size - size // 4)

    def stay(self, sender: str) -> Stay:
        """What one body of a sender takes; to be left when it is answered."""
        return Stay(self._small, self._large, sender)


class Stay:
    """One body's room, which may grow."""

    def __init__(self, small: _Pool, large: _Pool, sender: str) -> None:
        self._small, self._large, self._sender = small, large, sender
        self._taken: tuple[_Pool, int] | None = None

    async def take(self, size: int) -> None:
        """Take room for a body of `size` bytes, in place of what was taken before. Raises NoRoom."""
        pool = self._small if size <= SMALL_BYTES else self._large
        if self._taken is not None and self._taken[0] is pool:
            return
        self.leave()
        self._taken = (pool, await pool.take(self._sender, size))

    def leave(self) -> None:
        if self._taken is not None:
            pool, size = self._taken
            self._taken = None
            pool.give(self._sender, size)
