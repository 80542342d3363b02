"""Every kind of test has a budget, and together they keep the promise of the whole."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.budget import (
    ALONE,
    BESIDES,
    BUDGETS,
    LOOP_SECONDS,
    PROMISE,
    TOO_MUCH,
    Spent,
    kind_of,
    lines,
    over,
    red,
    slowness,
)

TESTS = Path(__file__).parents[1]


def test_every_kind_has_a_budget() -> None:
    kinds = {kind_of(str(file.relative_to(TESTS.parent))) for file in TESTS.rglob("test_*.py")}
    assert kinds == set(BUDGETS)


def test_the_whole_is_what_is_promised() -> None:
    two_at_a_time = sum(seconds for kind, seconds in BUDGETS.items() if kind != ALONE) / 2
    assert two_at_a_time + BUDGETS[ALONE] + BESIDES <= PROMISE


def test_a_test_is_of_the_narrowest_kind() -> None:
    assert kind_of("tests/acceptance/system/test_the_firm.py::test_x[a/b]") == "acceptance/system"
    assert kind_of("tests/acceptance/cases/test_headline.py::test_x") == "acceptance"
    assert kind_of("tests/unheard/test_of.py::test_x") == "unheard"


def test_a_kind_over_its_budget_is_named_and_what_has_none_may_take_nothing() -> None:
    spent = {"unit": BUDGETS["unit"] + 1, "fault": BUDGETS["fault"], "unheard": 0.1}
    assert over(spent) == ["unit", "unheard"] and over(spent, 2.0) == ["unheard"]
    told = list(lines(spent))
    assert [line.split()[0] for line in told if line.endswith("over")] == ["unit", "unheard"]
    assert "share what its tests set up" in told[-1]
    assert not any("over" in line for line in lines({"unit": 1.0})) and not list(lines({}))


@pytest.mark.parametrize(
    ("ci", "load", "ends"),
    [("true", 0.0, pytest.ExitCode.TESTS_FAILED), ("", 0.0, pytest.ExitCode.OK), ("true", 1e6, pytest.ExitCode.OK)],
    ids=["in CI", "elsewhere", "on a machine that does much else"],
)
def test_in_ci_a_run_is_red_when_a_kind_takes_too_much(
    ci: str, load: float, ends: pytest.ExitCode, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, load))
    spent = Spent()
    report = pytest.TestReport("tests/architecture/x", ("", 0, ""), {}, "passed", None, "call", duration=1e6)
    spent.pytest_runtest_logreport(report)
    session: Any = SimpleNamespace(exitstatus=pytest.ExitCode.OK)
    spent.pytest_sessionfinish(session)
    assert session.exitstatus is ends


def test_a_slow_machine_may_take_as_much_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 0.0, 0.0))
    spent = {"unit": 1.5 * TOO_MUCH * BUDGETS["unit"]}
    assert red(spent, 1.0) == ["unit"] and red(spent, 2.0) == []
    assert slowness([2 * LOOP_SECONDS, LOOP_SECONDS / 9, 3 * LOOP_SECONDS]) == pytest.approx(2.0)
    assert slowness([LOOP_SECONDS / 2]) == slowness([]) == 1.0, "a quick machine takes nothing away"
