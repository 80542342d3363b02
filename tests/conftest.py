"""Rules of the whole suite: reasons for skips are printed, and in CI a skip for want of a tool is a failure."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator

import pytest
from hypothesis import settings

from tests.budget import Spent
from tests.copied_journals import journals_are_copied  # noqa: F401  a fixture for every test
from tests.one_thread import engines_have_one_thread  # noqa: F401
from tests.postgres import postgres_server, postgres_url  # noqa: F401  fixtures for every test
from tests.rabbitmq import broker  # noqa: F401
from tests.streamlit_components import components_are_looked_for_once  # noqa: F401
from tests.warm_readers import readers_are_warm  # noqa: F401

# Tests know no installation: what the shell says of one is put away, so that no test reads or writes a real home.
for _name in [
    name
    for name in os.environ
    if name.startswith("TIEOUT_") and name not in ("TIEOUT_SIP", "TIEOUT_BENCH_POSTGRES", "TIEOUT_NEXT_DUCKDB")
]:
    del os.environ[_name]

_MAIN = sys.modules["__main__"]
ALLOWED_IN_CI = ("needs data that is not part of the project", "needs rights that this machine does not give")


# The same examples in every run; `--hypothesis-profile=explore` looks for new ones. No deadlines: a busy machine is no
# defect.
settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, print_blob=True)
settings.load_profile("same")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Spent())


def pytest_runtest_teardown() -> None:
    # Streamlit's tests leave their script as the main module, and no process could be spawned after.
    sys.modules["__main__"] = _MAIN


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if not any(allowed in reason for allowed in ALLOWED_IN_CI):
            report.outcome = "failed"
            report.longrepr = f"skipped in CI, where everything must run: {reason}"
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        terminalreporter.write_line(f"skipped {report.nodeid}: {reason}")
