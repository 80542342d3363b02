"""What rules would make of what came lately, told before they are switched on (C9)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.readings.elsewhere import trying
from app.readings.viewer import Viewer
from models.catalogue import Catalogue
from tests.foreign import ForeignLake
from tests.unit.catalogue.test_catalogue import loaded

pytestmark = pytest.mark.req("C9")
ADA = Viewer("ada", frozenset({"operations"}))
OURS = """
[[rule]]
name = "ours"
preset = "n8n"
active = false
"""


class Received:
    """A reader of a lake to which everything came now."""

    def __init__(self, lake: ForeignLake) -> None:
        self._lake = lake

    def rows(self, sql: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        assert datetime.now(UTC) - params["since"] >= _hour(), "an hour of wall time unless told otherwise"
        return self._lake.rows(sql.replace("recorded_at >= $since", "true"))


def _hour() -> Any:
    return datetime(2026, 1, 1, 1) - datetime(2026, 1, 1)


def stores(catalogue: Catalogue, lake: ForeignLake) -> Any:
    return SimpleNamespace(catalogue=catalogue, lake=Received(lake))


@pytest.fixture
def tried_on(tmp_path: Path) -> Any:
    """Two failures alike of n8n, one of them with a key, and a rule that is not switched on."""
    catalogue = loaded(tmp_path, rules=OURS)
    lake = ForeignLake(catalogue.elsewhere)
    for number in (1, 2):
        more = {"n8n.workflow.name": "Invoices", "n8n.execution.id": str(number)}
        more |= {"n8n.workflow.custom.business_key": "time_entry:TE-1"} if number == 1 else {}
        error = f"Request failed with status code 422: 'TE-{number}' is unknown"
        lake.span("workflow.execute", str(number), trace=str(number) * 32, error=error, more=more)
    return stores(catalogue, lake)


def test_a_rule_is_tried_by_its_name_and_nothing_is_switched_on(tried_on: Any) -> None:
    assert trying.trial(tried_on, ADA).runs == ()
    trial = trying.trial(tried_on, ADA, ["ours"])
    assert [(run.flow, run.state) for run in trial.runs] == [("ours/Invoices", "failed")] * 2
    assert (trial.spans, trial.logs, trial.whole, trial.unread) == (2, 0, True, ())
    assert tried_on.catalogue.elsewhere.rules == ()


def test_it_says_what_would_be_a_case_and_what_could_never_close_one(tried_on: Any) -> None:
    trial = trying.trial(tried_on, ADA, ["ours"])
    said = "ours/Invoices fails: 422 Request failed with status code * is unknown"
    assert (trial.failures, trial.cases, trial.keyless) == (2, (said,), 1)
    assert list(trying.told(trial))[1:] == [
        "2 open failures would be 1 case:",
        f"- {said}",
        "1 of them name no business key, so that no later run closes their case: give `key`",
    ]


def test_a_rule_that_fits_nothing_and_one_that_is_not_there_are_named(tried_on: Any, tmp_path: Path) -> None:
    empty = stores(tried_on.catalogue, ForeignLake(tried_on.catalogue.elsewhere))
    assert list(trying.told(trying.trial(empty, ADA, ["n8n"])))[1:] == ["rule n8n fitted nothing"]
    with pytest.raises(trying.NoSuchRule, match=r"no rule is called n9n: use airflow, .*n8n, ours,"):
        trying.trial(empty, ADA, ["n9n"])
