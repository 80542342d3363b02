"""A cause has one name, owner, count and amount on every page, in every command and in the cases themselves (X19)."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.main import cli
from app.console.asking import stores
from app.console.billing.blockers import CAUSES_OF
from app.console.widgets import formats
from app.readings.billing import reading as billing
from app.readings.cases import reading as cases
from app.readings.cases.causes import causes
from app.readings.cases.rows import Case, Cause
from app.readings.page import Page
from app.readings.systems import reading as systems
from app.readings.viewer import Viewer
from models.domain.case import cause_of, cause_title
from models.domain.team import team
from tests.contract.readings.pages import cents, console_over, drawn
from tests.contract.readings.pages import tables as page_tables

EVERYTHING = frozenset({"operations", "finance"})
VIEWERS = [Viewer("ada", EVERYTHING), Viewer("bo", EVERYTHING, ("NOV-UK",))]


@pytest.fixture(scope="module")
def home(filled_home: Path) -> Iterator[Path]:
    with console_over(filled_home):
        yield filled_home


@pytest.fixture(params=VIEWERS, ids=["all", "one-firm"])
def viewer(request: pytest.FixtureRequest, home: Path) -> Viewer:
    person: Viewer = request.param
    return person


def command(*words: str) -> Any:
    done = CliRunner().invoke(cli, [*words, "--format", "json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.finding("U2b", "U3")
@pytest.mark.req("X8", "X19", "O1", "O3", "O8")
def test_a_cause_has_one_name_owner_count_and_amount_on_every_page_and_command(viewer: Viewer, home: Path) -> None:
    """Exceptions, Billing and Operations, the commands and both files tell the same of each cause, which is what its
    cases add up to; what else a page counts (items held up, runs refused) stands beside it under its own name.
    """
    opened = stores()
    known = causes(opened, viewer)
    teams = systems.teams(opened, viewer)
    held: dict[str, list[Case]] = defaultdict(list)
    for case in cases.page(opened, viewer, part=Page(1000)).rows:
        held[cause_of(case.cause)].append(case)
    assert len(known) > 2 and set(held) == set(known)
    for code, one in known.items():
        mine = held[code]
        assert one.title == cause_title(code)
        assert (one.cases, one.records) == (len(mine), sum(case.occurrences for case in mine))
        assert set(one.teams) == {team(case.owner, teams) for case in mine}
        assert sum(one.money.values()) == sum(case.amount_reporting for case in mine)
    by_title = {one.title: one for one in known.values()}

    [table] = [rows for rows in page_tables(drawn("exceptions", viewer)) if rows and {"cause", "share"} <= set(rows[0])]
    shown: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in table:
        shown[row["cause"]].append(row)
    assert set(shown) == set(by_title)
    for title, rows in shown.items():
        one = by_title[title]
        assert sum(int(cents(row["records"])) for row in rows) == one.records
        assert sum(int(cents(row["cases"])) for row in rows) == one.cases
        assert sum(cents(row["money"]) for row in rows) == sum(one.money.values())
        assert {owner for row in rows for owner in row["owner"].split(", ")} == set(one.teams)

    [blocked] = [rows for rows in page_tables(drawn("billing", viewer)) if rows and "Counts as" in rows[0]]
    linked = [row for row in blocked if "record" in row["Open exception"]]
    names = {
        code: cause_title(CAUSES_OF.get(code, code))
        for code in {row.blocker or "" for row in billing.states(opened, viewer)}
    }
    becomes = {cause_title(code): name for code, name in names.items()}
    assert linked or viewer.entities
    for row in linked:
        one = by_title.get(row["What holds it up"]) or by_title[becomes[row["What holds it up"]]]
        assert row["Open exception"] == told(one) and row["Whose it is"] == ", ".join(one.teams)
        if int(cents(row["Items"])) == one.records:  # all of the cause holds up billing: the same to the cent
            assert cents(row["Value"]) == sum(one.money.values()), row
    assert {row["What holds it up"] for row in blocked if "record" not in row["Open exception"]}.isdisjoint(by_title)

    shown_letters = [r for r in page_tables(drawn("operations", viewer)) if r and "What the system said" in r[0]]
    told_of = [row for letters in shown_letters for row in letters if row["Refusal"] in by_title]
    assert told_of or viewer.entities
    for row in told_of:
        assert row["Open exception"] == told(by_title[row["Refusal"]])


def told(cause: Cause) -> str:
    """A cause as pages tell it beside their own figures."""
    money = sum(cause.money.values())
    records = formats.plural(cause.records, "record")
    return f"{records} · {formats.money(money, 'EUR')}" if money else records


@pytest.mark.req("X19", "O8")
def test_the_commands_tell_of_causes_what_the_pages_do(home: Path) -> None:
    known = causes(stores(), VIEWERS[0])
    lines = command("causes")
    assert {cause_of(line["cause"]) for line in lines} == set(known)
    for code, one in known.items():
        mine = [line for line in lines if cause_of(line["cause"]) == code]
        assert sum(line["records"] for line in mine) == one.records
        assert sum(line["cases"] for line in mine) == one.cases
        assert {line["money_kind"]: Decimal(line["amount_reporting"]) for line in mine} == one.money
        assert {name for line in mine for name in line["team"].split(", ")} == set(one.teams)
    listed = command("cases", "--status", "unresolved")
    assert {case["team"] for case in listed} == {name for one in known.values() for name in one.teams}
    chosen = command("cases", "--owner", listed[0]["team"])
    assert chosen and {case["team"] for case in chosen} == {listed[0]["team"]}
