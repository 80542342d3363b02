"""What each kind of test may take, printed after every run beside what it took.

Seconds of tests, set-up included, as two at a time take them on two cores that do nothing else. A kind that takes more
is named; in CI one that takes `TOO_MUCH` times as much makes the run red, unless the machine did much else meanwhile.
A slower machine may take as much longer as it takes for a loop.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import pytest

BUDGETS = {
    "unit": 600.0,
    "contract": 400.0,
    "fault": 500.0,
    "acceptance": 190.0,
    "browser": 130.0,
    "property": 100.0,
    "bench": 70.0,
    "findings": 150.0,
    "migration": 85.0,
    "architecture": 20.0,
    "acceptance/system": 340.0,
}
"""By folder. The last runs alone, the others two at a time."""
ALONE = "acceptance/system"
BESIDES = 190.0
"""What is no test: tools to install, `make check`, `make fresh`, and reading the tests three times."""
PROMISE = 28 * 60.0
TOO_MUCH = 4.0
BUSY = 3.0
"""Processes that want a core, for each that there is: two files of tests and what they start are fewer."""
LOOP, LOOP_SECONDS, EACH = 50_000, 0.0015, 20
"""How often the loop goes round, what that takes where the budgets were set, two files of tests at work beside it, and
after how many tests it is tried again.
"""


def kind_of(nodeid: str) -> str:
    """The kind of a test by where it stands; its folder where that has no budget."""
    place = nodeid.partition("tests/")[2]
    kinds = (kind for kind in BUDGETS if place.startswith(f"{kind}/"))
    return max(kinds, key=len, default=place.partition("/")[0])


def over(spent: Mapping[str, float], times: float = 1.0) -> list[str]:
    """The kinds that took more than so many times what they may; one without a budget may take nothing."""
    return [kind for kind, seconds in spent.items() if seconds > times * BUDGETS.get(kind, 0.0)]


def lines(spent: Mapping[str, float]) -> Iterator[str]:
    """A table of what was spent, and what to do where it was too much; nothing where nothing was."""
    if not spent:
        return
    yield f"{'kind':<20}{'seconds':>8}{'budget':>8}"
    for kind, seconds in sorted(spent.items(), key=lambda one: -one[1]):
        yield f"{kind:<20}{seconds:>8.0f}{BUDGETS.get(kind, 0.0):>8.0f}" + ("  over" if kind in over(spent) else "")
    if over(spent):
        yield "a kind over its budget: share what its tests set up, or say in tests/budget.py what it is worth"


def slowness(loops: Sequence[float]) -> float:
    """How many times as long as where the budgets were set this machine took for a loop; 1 where it is quicker."""
    return max(1.0, median(loops) / LOOP_SECONDS) if loops else 1.0


def loop() -> float:
    """Seconds of the processor that the loop takes now."""
    began = time.process_time()
    for _ in range(LOOP):
        pass
    return time.process_time() - began


def red(spent: Mapping[str, float], slow: float) -> list[str]:
    """The kinds for which a run in CI fails, on a machine that is so slow."""
    busy = os.getloadavg()[2] > BUSY * (os.cpu_count() or 1)
    return [] if busy or not os.environ.get("CI") else over(spent, TOO_MUCH * slow)


class Spent:
    """Adds up what a run's tests take."""

    def __init__(self) -> None:
        self._seconds: Counter[str] = Counter()
        self._tests, self._loops = 0, list[float]()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._seconds[kind_of(report.nodeid)] += report.duration
        self._tests += report.when == "call"
        if report.when == "call" and self._tests % EACH == 0:
            self._loops.append(loop())

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if red(self._seconds, slowness(self._loops)) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in lines(self._seconds):
            terminalreporter.write_line(line)
        slow = slowness(self._loops)
        if self._loops:
            terminalreporter.write_line(f"a loop took {slow:.1f} times as long as where the budgets were set")
        if kinds := red(self._seconds, slow):
            most = TOO_MUCH * slow
            terminalreporter.write_line(f"RED: {', '.join(kinds)} took more than {most:.1f} times the budget")
