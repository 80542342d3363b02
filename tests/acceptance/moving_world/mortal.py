"""Calls to vendors one after the other, each by a caller that may die before the next, or just after one was done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from itertools import count
from typing import Any

from integrations.contracts import Connector

CALLS = ("deliver", "find", "poll")


class Killed(BaseException):
    """The process is gone; nothing of ours may catch it."""


class InTurn(Executor):
    """Does what is submitted before anything else happens, so that a seed tells the same story each time."""

    _numbers = count()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done = _Numbered(next(self._numbers))
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  the future's to raise; who is killed is killed at once
            done.set_exception(error)
        return done


class _Numbered(Future[Any]):
    """Futures that a set gives back in the order in which they came."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


@contextmanager
def dying(connectors: Iterable[Connector], after: int) -> Iterator[None]:
    """Until the block ends, the call to a vendor after `after` others kills whoever made it, when it has been done."""
    left = [after]
    taken: list[tuple[Connector, str, Any]] = []
    for connector in connectors:
        for name in CALLS:
            if hasattr(connector, name):
                taken.append((connector, name, getattr(connector, name)))
                setattr(connector, name, _mortal(taken[-1][2], left))
    try:
        yield
    finally:
        for connector, name, call in taken:
            setattr(connector, name, call)


def _mortal(call: Any, left: list[int]) -> Any:
    def counted(*args: Any, **kwargs: Any) -> Any:
        left[0] -= 1
        if left[0] < -1:
            raise Killed
        answer = call(*args, **kwargs)
        if left[0] < 0:
            raise Killed
        return answer

    return counted
