"""What flows that others run failed at: until a later run about the same thing mends it, and called alike whatever the
records are called (C9, X8).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.foreign import ForeignLake, at
from tests.unit.catalogue.test_catalogue import loaded

pytestmark = pytest.mark.req("C9", "X8")
RULES = """
[[rule]]
name = "n8n-de"
preset = "n8n"
services = ["n8n-de"]

[[rule]]
name = "n8n-us"
preset = "n8n"
services = ["n8n-us"]
"""


@pytest.fixture
def lake(tmp_path: Path) -> ForeignLake:
    return ForeignLake(loaded(tmp_path, rules=RULES).elsewhere)


def run(
    lake: ForeignLake, number: int, end: float, error: str | None = None, key: str | None = "order:SO-7", **said: Any
) -> None:
    more = {"n8n.workflow.name": said.pop("flow", "Orders"), "n8n.execution.id": str(number)}
    more |= {"n8n.workflow.custom.business_key": key} if key else {}
    more |= {"n8n.execution.retry_of": said.pop("retry_of")} if "retry_of" in said else {}
    given = {"service": "n8n-de", "trace": f"{number:032x}", **said}
    lake.span("workflow.execute", str(number), begin=end - 1, end=end, error=error, more=more, **given)


def test_a_later_success_about_the_same_thing_mends_it_whatever_came_first(lake: ForeignLake) -> None:
    run(lake, 2, 20)
    assert lake.failures("run_id") == []
    run(lake, 1, 10, "refused", heard=2_000)
    assert lake.failures("run_id") == [], "it is late and was mended long ago"
    run(lake, 3, 30, "refused")
    assert lake.failures("run_id") == [("3",)], "what worked before mends nothing"


@pytest.mark.parametrize(
    "other",
    [{"key": "order:SO-8"}, {"flow": "Invoices"}, {"service": "n8n-us"}, {"resource": {"n8n.instance.id": "b"}}],
)
def test_a_success_about_something_else_or_of_another_engine_mends_nothing(lake: ForeignLake, other: Any) -> None:
    run(lake, 1, 10, "refused")
    run(lake, 2, 20, **other)
    assert lake.failures("run_id") == [("1",)]


def test_of_several_tries_the_newest_speaks_and_is_as_old_as_the_first(lake: ForeignLake) -> None:
    run(lake, 1, 10, "refused")
    run(lake, 2, 20, "refused again")
    [(name, failures, since, last)] = lake.failures("run_id", "failures", "failed_since", "failed_at")
    assert (name, failures, since, last) == ("2", 2, at(10), at(20))


def test_a_retry_stands_for_what_it_repeats_also_without_a_key(lake: ForeignLake) -> None:
    run(lake, 1, 10, "refused", key=None)
    run(lake, 2, 20, "refused", key=None, retry_of="1")
    assert lake.failures("run_id") == [("2",)]
    run(lake, 3, 30, key=None, retry_of="2")
    assert lake.failures("run_id") == []


def test_a_cancelled_run_mends_nothing(lake: ForeignLake) -> None:
    run(lake, 1, 10, "refused")
    given = {"n8n.workflow.name": "Orders", "n8n.workflow.custom.business_key": "order:SO-7", "n8n.execution.id": "2"}
    more = {**given, "n8n.execution.status": "canceled"}
    lake.span("workflow.execute", "2", trace="2" * 32, service="n8n-de", begin=19, end=20, more=more)
    assert lake.failures("run_id") == [("2",)]


@pytest.mark.parametrize(
    ("one", "other", "template"),
    [
        ("Order SO-7 is closed", "Order SO-81 is closed", "Order * is closed"),
        ("no customer 'Müller & Co'", 'no customer "Ann"', "no customer *"),
        ("can't post 12.50 EUR", "can't post 7 EUR", "can't post * EUR"),
        ("id 3f2a-88 by ann@x.example", "id 99 by bob@y.example", "id * by *"),
        ("timeout\n at line 7", "timeout\n at line 9", "timeout"),
        ("GET https://a.example/1 failed", "GET https://a.example/2 failed", "GET * failed"),
    ],
)
def test_errors_that_differ_by_their_records_alone_are_one(
    lake: ForeignLake, one: str, other: str, template: str
) -> None:
    run(lake, 1, 10, one)
    run(lake, 2, 20, other, key="order:SO-81")
    assert lake.failures("template") == [(template,), (template,)]


def test_errors_of_two_causes_are_two(lake: ForeignLake) -> None:
    run(lake, 1, 10, "Request failed with status code 404", key="a")
    run(lake, 2, 20, "Request failed with status code 500", key="b")
    run(lake, 3, 30, "Request refused", key="c")
    assert len({template for (template,) in lake.failures("template")}) == 3


def test_an_error_without_words_has_an_empty_template(lake: ForeignLake) -> None:
    given = {"n8n.execution.id": "1", "n8n.execution.error_type": "WorkflowOperationError"}
    lake.span("workflow.execute", "1", service="n8n-de", status=2, more=given)
    assert lake.failures("template", "error_code", "flow") == [("", "WorkflowOperationError", "n8n-de/n8n-de")]
