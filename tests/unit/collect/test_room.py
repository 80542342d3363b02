"""Memory of bodies is bounded and shared: large ones wait, small ones pass, nobody holds it for ever (C10, N4)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from collectors import arrival, room
from collectors.arrival import Arrived, TooSlow, arrived
from collectors.room import NoRoom, Room

pytestmark = pytest.mark.req("C10", "N4")
MIB = 1 << 20


def test_large_bodies_wait_for_each_other_and_small_ones_for_none_of_them() -> None:
    async def lived() -> list[str]:
        order: list[str] = []
        shared = Room(32 * MIB)

        async def body(name: str, size: int) -> None:
            stay = shared.stay(name)
            await stay.take(size)
            order.append(name)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            stay.leave()

        await asyncio.gather(body("a", 20 * MIB), body("b", 20 * MIB), body("c", 20 * MIB), body("small", 300))
        return order

    assert asyncio.run(lived()) == ["a", "small", "b", "c"]


def test_who_holds_the_least_is_next() -> None:
    async def lived() -> list[str]:
        order: list[str] = []
        shared = Room(40 * MIB)
        held = [shared.stay("greedy") for _ in range(3)]
        for stay in held:
            await stay.take(10 * MIB)

        async def next_one(sender: str) -> None:
            await shared.stay(sender).take(10 * MIB)
            order.append(sender)

        waiting = [asyncio.create_task(next_one(sender)) for sender in ("greedy", "greedy", "modest")]
        await asyncio.sleep(0)
        held[0].leave()
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        return order

    assert asyncio.run(lived()) == ["modest"]


def test_a_wait_ends_and_leaves_nothing_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "WAIT_SECONDS", 0.01)

    async def lived() -> None:
        shared = Room(40 * MIB)
        first, late, last = (shared.stay(name) for name in ("first", "late", "last"))
        await first.take(30 * MIB)
        with pytest.raises(NoRoom, match="smaller batches"):
            await late.take(30 * MIB)
        late.leave()
        first.leave()
        await last.take(30 * MIB)

    asyncio.run(lived())


async def _body(parts: list[bytes], shared: Room, limit: int = MIB, **headers: str) -> Arrived | None:
    def messages() -> Iterator[dict[str, Any]]:
        for number, part in enumerate(parts, 1):
            yield {"type": "http.request", "body": part, "more_body": number < len(parts)}

    given = messages()

    async def receive() -> Any:
        found = next(given, None)
        if found is None:
            await asyncio.Event().wait()
        return found

    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await arrived(receive, named, limit, shared.stay("test"))


def test_a_body_without_a_length_takes_large_room_only_once_it_is_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does one whose length is a lie get more than it may."""
    monkeypatch.setattr(room, "WAIT_SECONDS", 0.01)

    async def lived() -> None:
        shared = Room(4 * MIB)
        await shared.stay("other").take(3 * MIB)
        small = await _body([b"x" * 100, b"y"], shared)
        assert small == Arrived(b"x" * 100 + b"y", 0)
        for headers in ({}, {"content_length": "5"}):
            with pytest.raises(NoRoom):
                await _body([b"x" * 60_000] * 3, shared, **headers)

    asyncio.run(lived())


def test_a_body_that_does_not_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrival, "ARRIVAL_SECONDS", 0.01)

    async def endless() -> Any:
        await asyncio.Event().wait()

    with pytest.raises(TooSlow, match="did not come"):
        asyncio.run(arrived(endless, {"content-length": "5"}, MIB, Room(4 * MIB).stay("slow")))
