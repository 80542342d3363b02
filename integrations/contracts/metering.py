"""Calls as they go out: whoever reads through a connector hears of each call before it is made.

One question to a connector may be many calls at its vendor (pages, look-ups), and the vendor counts calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_before: ContextVar[Callable[[], None] | None] = ContextVar("before_call", default=None)


@contextmanager
def metered(before: Callable[[], None]) -> Iterator[None]:
    """Have `before` run ahead of each call made in this block, in this thread; what it raises stops the call."""
    token = _before.set(before)
    try:
        yield
    finally:
        _before.reset(token)


def before_call() -> None:
    """A connector's transport is about to call; whatever this raises is for the engine to hear."""
    if (before := _before.get()) is not None:
        before()
