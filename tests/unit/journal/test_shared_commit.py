"""One commit for many: everybody hears of their own, and one bad one costs no other (E11, N4)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from models.journal.shared_commit import SharedCommit

pytestmark = pytest.mark.req("E11", "N4")


class Disk:
    """Keeps numbers, a commit at a time; the first waits until it is let go. Odd ones out: negative, and 13."""

    def __init__(self) -> None:
        self.commits: list[list[int]] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def commit(self, asked: Sequence[int]) -> list[int]:
        self.begun.set()
        assert self.go.wait(20)
        if any(one < 0 for one in asked):
            raise ValueError("negative")
        if 13 in asked:
            raise OSError("the disk is full")
        self.commits.append(list(asked))
        return [one * 2 for one in asked]


def asked(disk: Disk, numbers: Sequence[int]) -> list[object]:
    """What each hears whose number comes while the first commit is under way."""
    shared = SharedCommit(disk.commit)

    def ask(number: int) -> object:
        try:
            return shared.ask(number)
        except Exception as error:  # noqa: BLE001  it is what the test looks at
            return type(error)

    with ThreadPoolExecutor(len(numbers) + 1) as threads:
        first = threads.submit(ask, 100)
        assert disk.begun.wait(20)
        others = [threads.submit(ask, number) for number in numbers]
        while len(shared._waiting) < len(numbers):
            threading.Event().wait(0.001)
        disk.go.set()
        assert first.result(20) == 200
        return [one.result(20) for one in others]


def test_who_waits_shares_the_next_commit() -> None:
    disk = Disk()
    assert asked(disk, range(8)) == [number * 2 for number in range(8)]
    assert [len(one) for one in disk.commits] == [1, 8] and sorted(disk.commits[1]) == list(range(8))


def test_what_one_cannot_keep_costs_no_other() -> None:
    disk = Disk()
    assert asked(disk, [1, -1, 2]) == [2, ValueError, 4]
    assert sorted(one for commit in disk.commits for one in commit) == [1, 2, 100]


def test_a_disk_that_is_full_is_told_to_all_of_its_commit() -> None:
    disk = Disk()
    assert asked(disk, [1, 13, 2]) == [OSError] * 3 and disk.commits == [[100]]
