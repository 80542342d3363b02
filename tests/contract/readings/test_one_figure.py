"""One figure has one reading: every page and command that shows it shows the same, to the cent (O1, O3, O4, N4)."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from app.console.asking import stores
from app.console.billing import chart
from app.console.billing.page import DIMENSIONS
from app.console.margin.tables import DIMENSIONS as MARGIN_DIMENSIONS
from app.console.widgets import formats
from app.readings.billing import reading as billing
from app.readings.billing.totals import UNBILLED, blockers, totals, unbilled
from app.readings.margin import reading as margin
from app.readings.margin.periods import first_month
from app.readings.margin.sums import summed
from app.readings.viewer import Viewer
from models.domain.clock import set_world_clock
from tests.browser.console.seed import NOW, seed
from tests.contract.readings.pages import cents, column, console_over, drawn, figures, tables

EVERYTHING = frozenset({"operations", "finance"})
VIEWERS = [Viewer("ada", EVERYTHING), Viewer("bo", EVERYTHING, ("NOV-UK",))]
PLACES = {"ready": "Ready", "blocked": "Blocked", "not_approved": "Not approved", "billed": "Billed"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A seeded firm whose world has stood still for long, in the stores of this process."""
    place = tmp_path_factory.mktemp("home")
    seed(place)
    set_world_clock(place / "clock.json", NOW)
    os.utime(place / "clock.json", (0, 0))
    with console_over(place):
        yield place


@pytest.fixture(params=VIEWERS, ids=["all", "one-firm"])
def viewer(request: pytest.FixtureRequest, home: Path) -> Viewer:
    person: Viewer = request.param
    return person


def command(*words: str) -> Any:
    done = CliRunner().invoke(cli, [*words, "--format", "json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def within(viewer: Viewer) -> str:
    """The viewer's legal entities as a condition, for a person who asks in SQL."""
    return " or ".join(f"legal_entity = '{firm}'" for firm in viewer.entities) or "true"


@dataclass(frozen=True)
class Shown:
    """A figure and everywhere it was found."""

    name: str
    places: dict[str, Decimal]

    def agrees(self) -> bool:
        assert next(iter(self.places.values())), f"{self.name} is nothing here, so that this proves nothing"
        return len(set(self.places.values())) == 1


@pytest.mark.req("O3")
def test_blocked_ready_and_billed_money_are_the_same_wherever_they_are_shown(viewer: Viewer, home: Path) -> None:
    opened, page = stores(), drawn("billing", viewer)
    sums = totals(billing.states(opened, viewer))
    by_sql = f"select state, sum(bill_reporting) as money from mart_billing where {within(viewer)} group by state"
    asked = {row["state"]: Decimal(row["money"]) for row in command("sql", by_sql)}
    assert all(asked[state] > 0 for state in PLACES), "equal zeros prove nothing"
    for state, title in PLACES.items():
        assert figures(page)["Ready to invoice" if state == "ready" else title] == formats.money_short(sums[state])
        shown = {
            "states": sums[state],
            "the page's table": sum(column(page, title, "Readiness"), Decimal(0)),
            "sql": asked[state],
        }
        for name, dimension in DIMENSIONS.items():
            shown[f"by {name}"] = totals(billing.parts(opened, viewer, dimension))[state]
        assert Shown(title, shown).agrees(), shown


@pytest.mark.req("O3")
def test_unbilled_is_one_figure_in_chart_headline_ages_and_file(viewer: Viewer, home: Path) -> None:
    opened, page = stores(), drawn("billing", viewer)
    states, items = billing.states(opened, viewer), billing.unbilled(opened, viewer)
    bars = chart.bridge(states, "EUR").data[0]
    shown = {
        "states": unbilled(totals(states)),
        "ages": sum((row.bill_reporting for row in billing.ages(opened, viewer)), Decimal(0)),
        "items": sum((cents(str(item.bill_reporting)) for item in items), Decimal(0)),
        "chart": cents(bars.customdata[0]),
        "sql": unbilled_by_sql(viewer),
    }
    assert Shown("unbilled", shown).agrees(), shown
    assert figures(page)["Unbilled"] == formats.money_short(shown["states"])


def unbilled_by_sql(viewer: Viewer) -> Decimal:
    states = ", ".join(f"'{state}'" for state in UNBILLED)
    chosen = f"billable and state in ({states}) and ({within(viewer)})"
    return Decimal(command("sql", f"select sum(bill_reporting) as money from mart_work where {chosen}")[0]["money"])


@pytest.mark.req("O3")
def test_each_blocker_holds_the_same_money_on_page_chart_and_in_the_items(viewer: Viewer, home: Path) -> None:
    opened = stores()
    states = billing.states(opened, viewer)
    items: dict[str, Decimal] = defaultdict(Decimal)
    for item in billing.unbilled(opened, viewer):
        if item.state == "blocked" and item.blocker != "in-flight":
            items[item.blocker or ""] += cents(str(item.bill_reporting))
    [table] = [rows for rows in tables(drawn("billing", viewer)) if rows and "Counts as" in rows[0]]
    page = {row["What holds it up"]: cents(row["Value"]) for row in table if row["Counts as"] == "Blocked"}
    held = dict(blockers(states))
    assert held == items and held
    assert {formats.words(code): value for code, value in held.items()} == page
    assert sum(held.values()) == totals(states)["blocked"]


@pytest.mark.req("O4")
def test_margin_is_the_same_by_project_by_month_by_dimension_and_in_sql(viewer: Viewer, home: Path) -> None:
    opened, since = stores(), first_month("12 months", NOW)
    all_ = summed(margin.projects(opened, viewer, since))
    page = drawn("margin", viewer, period="12 months")
    months = margin.months(opened, viewer, since)
    chosen = f"from mart_margin where month >= '{since}' and ({within(viewer)})"
    sql = f"select sum(margin_reporting) as margin, sum(revenue_reporting) as revenue {chosen}"
    asked = command("sql", sql)[0]
    shown = {
        "projects": cents(str(all_.margin)),
        "months": sum((cents(str(row.margin)) for row in months), Decimal(0)),
        "sql": Decimal(asked["margin"]),
    }
    revenue = {"projects": all_.revenue, "sql": Decimal(asked["revenue"])}
    for name in MARGIN_DIMENSIONS:
        view = drawn("margin", viewer, period="12 months", dimension=name)
        shown[f"the page by {name}"] = sum(column(view, "Gross margin", "Against target"), Decimal(0))
        revenue[f"the page by {name}"] = sum(column(view, "Revenue", "Against target"), Decimal(0))
    assert Shown("margin", shown).agrees(), shown
    assert Shown("revenue", revenue).agrees(), revenue
    assert figures(page)["Gross margin"] == formats.money_short(all_.margin)
    assert figures(page)["Margin"] == formats.percent(all_.share)


@pytest.mark.req("O1", "X4")
def test_money_at_stake_by_cause_is_the_same_on_pages_and_in_the_command(home: Path) -> None:
    owner = VIEWERS[0]
    listed: dict[str, Decimal] = defaultdict(Decimal)
    for case in command("cases", "--status", "unresolved"):
        listed[case["cause"]] += Decimal(case["amount_reporting"])
    exceptions = drawn("exceptions", owner)
    [causes] = [rows for rows in tables(exceptions) if rows and {"cause", "money", "share"} <= set(rows[0])]
    [cases] = [rows for rows in tables(exceptions) if rows and {"title", "money", "assignee"} <= set(rows[0])]
    shown = {
        "command": sum(listed.values(), Decimal(0)),
        "causes": sum((cents(row["money"]) for row in causes), Decimal(0)),
        "cases": sum((cents(row["money"]) for row in cases), Decimal(0)),
    }
    assert Shown("at stake", shown).agrees(), shown
    assert sorted(listed.values()) == sorted(cents(row["money"]) for row in causes), "and so is each cause's"
    at_stake = formats.money_short(shown["command"])
    assert f"{at_stake} at stake" in str([element.proto.body for element in drawn("operations", owner).get("html")])
    assert f"{at_stake} is at stake" in str([element.proto.body for element in exceptions.get("html")])
