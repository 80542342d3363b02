"""One commit for many: whoever asks while a commit is under way shares the next one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import sqlalchemy as sa

T = TypeVar("T")
R = TypeVar("R")
_OWN = (TypeError, ValueError, OverflowError, sa.exc.DataError)
"""Faults of what one asked to keep: the others of its commit are tried without it."""


class _Asked(Generic[T, R]):
    """One who waits, and what becomes of it."""

    def __init__(self, what: T) -> None:
        self.what = what
        self.answer: R | None = None
        self.fault: Exception | None = None
        self.served = False


class SharedCommit(Generic[T, R]):
    """`commit` keeps what several ask in one transaction and answers each in order. Thread-safe."""

    def __init__(self, commit: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._commit = commit
        self._queueing, self._committing = threading.Lock(), threading.Lock()
        self._waiting: list[_Asked[T, R]] = []

    def ask(self, what: T) -> R:
        """What `commit` answers, once it is on disk. Raises what it raises."""
        mine = _Asked[T, R](what)
        with self._queueing:
            self._waiting.append(mine)
        with self._committing:
            if not mine.served:
                self._serve()
        if mine.fault is not None:
            raise mine.fault
        return mine.answer  # type: ignore[return-value]  # served without a fault

    def _serve(self) -> None:
        with self._queueing:
            group, self._waiting = self._waiting, []
        try:
            self._together(group)
        except _OWN:
            for one in group:
                self._alone(one)
        except Exception as error:  # noqa: BLE001  whoever waits hears why nothing was kept
            for one in group:
                one.fault, one.served = error, True

    def _together(self, group: Sequence[_Asked[T, R]]) -> None:
        for one, answer in zip(group, self._commit([one.what for one in group]), strict=True):
            one.answer, one.served = answer, True

    def _alone(self, one: _Asked[T, R]) -> None:
        try:
            self._together([one])
        except Exception as error:  # noqa: BLE001  it is told to the one who asked
            one.fault, one.served = error, True
