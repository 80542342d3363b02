"""One figure has one reading: every page and command that shows it shows the same, to the cent (O1, O3, O4, N4)."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from app.cli.main import cli
from app.cli.readings import QUESTIONS
from app.console.asking import stores
from app.console.billing import chart
from app.console.billing.page import DIMENSIONS
from app.console.margin.tables import DIMENSIONS as MARGIN_DIMENSIONS
from app.console.reconciliation.words import PLACES as JOINT_PLACES
from app.console.reconciliation.words import UNSOURCED
from app.console.view import views
from app.console.widgets import formats
from app.readings.billing import reading as billing
from app.readings.billing.totals import UNBILLED, blockers, totals, unbilled
from app.readings.margin import reading as margin
from app.readings.margin.periods import first_month
from app.readings.margin.sums import summed
from app.readings.operations import reading as operations
from app.readings.viewer import Viewer
from models.derivation.refresh import refresh
from models.domain.case import cause_title
from models.domain.clock import set_world_clock
from models.journal import open_journal, tables
from models.lake.connection import connect
from models.settings import Settings
from tests.browser.console.seed import NOW, Frozen, seed
from tests.catalogues import demonstration
from tests.contract.readings.pages import cents, column, console_over, drawn, figures
from tests.contract.readings.pages import tables as page_tables

EVERYTHING = frozenset({"operations", "finance"})
VIEWERS = [Viewer("ada", EVERYTHING), Viewer("bo", EVERYTHING, ("NOV-UK",))]
GERMAN = Viewer("cy", EVERYTHING, ("NOV-DE",))
PLACES = {
    "ready": "Ready",
    "moving": "On its way",
    "blocked": "Blocked",
    "not_approved": "Not approved",
    "billed": "Billed",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A seeded firm whose world has stood still for long, in the stores of this process."""
    place = tmp_path_factory.mktemp("home")
    seeded = seed(place)
    add_dead_letters(seeded.settings)
    set_world_clock(place / "clock.json", NOW)
    os.utime(place / "clock.json", (0, 0))
    with console_over(place):
        yield place


def add_dead_letters(settings: Settings) -> None:
    """More kinds of dead letters than fit on a screen, worth cents that rounding moves, and one in a currency that has
    no rate.
    """
    journal = open_journal(settings.journal_address, Frozen())
    with journal.engine.begin() as connection:
        dead = sa.select(tables.run).where(tables.run.c.state == "dead", tables.run.c.legal_entity == "NOV-UK")
        like = dict(connection.execute(dead.limit(1)).mappings().one())
        del like["seq"]
        for number in range(90):
            named = dict.fromkeys(("run_id", "lineage_id", "event_id"), f"dead-{number}")
            worth = {"amount": "10.01", "currency": "CHF" if number == 89 else "GBP"}
            key = {"business_key": f"time_entry:dead-{number}", "error_code": f"code-{number % 30}"}
            connection.execute(sa.insert(tables.run).values({**like, **named, **key, **worth}))
    journal.close()
    lake = connect(settings, marts="write")
    refresh(lake, demonstration().reporting_currency, Frozen())
    lake.close()


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
            "the page's table": sum(column(page, title, "Readiness")[:-1], Decimal(0)),
            "its total": column(page, title, "Readiness")[-1],
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
        if item.state == "blocked":
            items[item.blocker or ""] += cents(str(item.bill_reporting))
    [table] = [rows for rows in page_tables(drawn("billing", viewer)) if rows and "Counts as" in rows[0]]
    page = {row["What holds it up"]: cents(row["Value"]) for row in table if row["Counts as"] == "Blocked"}
    held = dict(blockers(states))
    assert held == items and held
    assert {cause_title(code): value for code, value in held.items()} == page
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
        for heading, found in (("Gross margin", shown), ("Revenue", revenue)):
            *lines, total = column(view, heading, "Against target")
            found |= {f"the page by {name}": sum(lines, Decimal(0)), f"its total by {name}": total}
    assert Shown("margin", shown).agrees(), shown
    assert Shown("revenue", revenue).agrees(), revenue
    assert figures(page)["Gross margin"] == formats.money_short(all_.margin)
    assert figures(page)["Margin"] == formats.percent(all_.share)


@pytest.mark.req("G1", "O1")
def test_dead_letters_hold_the_same_money_in_headline_ages_table_and_in_sql(viewer: Viewer, home: Path) -> None:
    opened, page = stores(), drawn("operations", viewer)
    held, dead = operations.held(opened, viewer), operations.dead_letters(opened, viewer)
    by_sql = f"select sum(failures) as n, sum(amount_reporting) as money from mart_failure_age where {within(viewer)}"
    asked = command("sql", by_sql)[0]
    [table] = [rows for rows in page_tables(page) if rows and "What the system said" in rows[0]]
    money = {
        "ages": sum((row.amount_reporting or Decimal(0) for row in held), Decimal(0)),
        "dead letters": sum((row.amount_reporting or Decimal(0) for row in dead), Decimal(0)),
        "the page's table": sum((cents(row["Value"]) for row in table if row["Value"] != formats.NONE), Decimal(0)),
        "sql": Decimal(asked["money"]),
    }
    assert Shown("dead letters", money).agrees(), money
    count = {
        "ages": sum(row.failures for row in held),
        "dead letters": sum(row.runs for row in dead),
        "the page's table": sum(int(cents(row["Dead letters"])) for row in table),
        "sql": int(asked["n"]),
    }
    assert len(set(count.values())) == 1 and len(table) > 25, count
    short = formats.money_short(money["sql"])
    assert figures(page)["Dead letters"] == formats.count(count["sql"])
    assert f"hold {short}" in str([element.proto.body for element in page.get("html")])
    [ages] = [rows for rows in page_tables(page) if rows and {"Flow", "All"} <= set(rows[0])]
    assert [row["All"] for row in ages] == [f"{count['sql']}{short}"]


@pytest.mark.finding("U2a")
@pytest.mark.req("O1", "X4")
def test_money_at_stake_by_cause_is_the_same_on_pages_and_in_the_command(home: Path) -> None:
    owner = VIEWERS[0]
    listed: dict[str, Decimal] = defaultdict(Decimal)
    for case in command("cases", "--status", "unresolved"):
        listed[case["cause"]] += Decimal(case["amount_reporting"])
    exceptions = drawn("exceptions", owner)
    [causes] = [rows for rows in page_tables(exceptions) if rows and {"cause", "money", "share"} <= set(rows[0])]
    [cases] = [rows for rows in page_tables(exceptions) if rows and {"title", "money", "assignee"} <= set(rows[0])]
    shown = {
        "command": sum(listed.values(), Decimal(0)),
        "causes": sum((cents(row["money"]) for row in causes), Decimal(0)),
        "cases": sum((cents(row["money"]) for row in cases), Decimal(0)),
    }
    assert Shown("at stake", shown).agrees(), shown
    assert sorted(listed.values()) == sorted(cents(row["money"]) for row in causes), "and so is each cause's"
    kinds: dict[str, Decimal] = defaultdict(Decimal)
    for case in command("cases", "--status", "unresolved"):
        kinds[case["money_kind"]] += Decimal(case["amount_reporting"])
    at_stake = formats.by_kind(kinds, "EUR")
    assert at_stake in str([element.proto.body for element in drawn("operations", owner).get("html")])
    assert at_stake in str([element.proto.body for element in exceptions.get("html")])


@pytest.mark.req("X12")
@pytest.mark.parametrize("firms", [(), ("NOV-UK",)], ids=["all", "one-firm"])
def test_what_stands_in_each_place_is_the_same_on_the_page_and_in_control_totals(
    home: Path, firms: Sequence[str]
) -> None:
    listed = command("totals", *(word for firm in firms for word in ("--legal-entity", firm)))
    sums = {name: sum(row[f"{name}_count"] for row in listed) for name in (*JOINT_PLACES, "unsourced")}
    assert sums["landed"] and sums["unexplained"] + sums["cases"] + sums["on_its_way"], "equal zeros prove nothing"
    page = drawn("reconciliation", Viewer("ada", EVERYTHING, tuple(firms)))
    titles = {**{name: title for name, (title, _) in JOINT_PLACES.items()}, "unsourced": UNSOURCED[0]}
    assert {titles[name]: formats.count(number) for name, number in sums.items()} == figures(page)


@pytest.mark.req("X12")
def test_the_money_of_each_joint_is_the_same_on_the_page_and_in_control_totals(home: Path) -> None:
    """Of a company whose books are in the reporting currency: the command tells each currency by itself."""
    listed = command("totals", "--legal-entity", "NOV-DE")
    assert {row["currency"] for row in listed} == {"EUR"}
    [table] = [rows for rows in page_tables(drawn("reconciliation", GERMAN)) if rows and "Source has" in rows[0]]
    for heading, name in (("Source has", "source"), ("Landed", "landed"), ("Target has", "target")):
        page = sum((cents(row[heading]) for row in table if row[heading] != formats.NONE), Decimal(0))
        asked = sum((Decimal(row[f"{name}_amount"]) for row in listed), Decimal(0))
        assert Shown(heading, {"page": page, "command": asked}).agrees(), (heading, page, asked)


@pytest.mark.req("E4", "X12")
def test_what_waits_for_a_second_person_is_the_same_on_the_page_and_in_the_command(home: Path) -> None:
    never = "select item_key from mart_tieout where target_key is null and entity = 'time_entry' and source_amount > 0"
    key = command("sql", f"{never} order by item_key limit 1")[0]["item_key"]
    done = CliRunner().invoke(cli, ["write-off", key, "--entity", "time_entry", "--reason", "Nobody remembers it"])
    assert done.exit_code in (0, 1), done.output
    [asked] = command("requests")
    page = drawn("approvals", VIEWERS[0])
    shown = " ".join(str(element.proto.body) for element in page.get("html"))
    assert "1 request for a second person" in shown and key in shown and key in asked["what"]
    assert "Nobody remembers it" in shown and asked["reason"] == "Nobody remembers it"


def test_every_page_and_every_command_that_shows_a_figure_is_compared() -> None:
    """Who adds one compares it above, or says here where that is done or why there is nothing to compare."""
    pages = {"operations", "exceptions", "billing", "reconciliation", "approvals", "margin"}
    assert {view.path for view in views()} == pages | {"journey"}, "a journey shows records, no figure"
    commands = {"cases", "requests", "totals"}
    elsewhere = {"causes": "test_causes.py", "trace": "records, no figure"}
    elsewhere |= dict.fromkeys(("maps", "volume"), "Operations draws the very reading of the command")
    assert {question.name for question in QUESTIONS} == commands | set(elsewhere)
