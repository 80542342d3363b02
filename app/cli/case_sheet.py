"""One case printed: in sections for a person, as one object for a program."""

from __future__ import annotations

import sys
from dataclasses import fields
from typing import Any

from app.cli.asking import printed
from app.cli.inert import shown
from app.cli.output import Format, fail, plain, print_rows
from app.cli.question import part_of
from app.readings.cases import reading as cases
from app.readings.cases.rows import Case
from app.readings.looks import looked
from app.readings.page import Page
from app.readings.stores import Stores
from app.readings.systems import reading as systems
from app.readings.viewer import Viewer
from models.domain.team import domain, team

FACTS = (
    *("status", "severity", "cause", "money_kind", "amount_reporting", "occurrences", "legal_entity", "period"),
    *("team", "domain", "assignee", "flow", "system", "project_key"),
    *("first_seen", "sla_due", "snoozed_until", "resolved_at"),
)
RECORD = ("subject_entity", "subject_key", "amount", "currency", "run_id", "first_seen")


def sheet(stores: Stores, viewer: Viewer, case_id: str, form: Format, limit: int, page: int) -> None:
    """Print a case with a page of its records, its money by month and its history; as CSV the records alone.

    Raises SystemExit with status 2 where there is no such case.
    """
    one = cases.case(stores, viewer, case_id)
    if one is None:
        raise fail(f"there is no case {case_id}: `tieout cases` lists them", 2)
    whole, found = cases.count_findings(stores, viewer, one), cases.findings(stores, viewer, one, Page(limit, page))
    looked(stores, viewer, "case show", found, case_id)
    records, months = [_row(each) for each in found], [_row(each) for each in cases.periods(stores, viewer, one)]
    history = [_row(each) for each in cases.events(stores, viewer, one)]
    teams = systems.teams(stores, viewer)
    case = {**_row(one), "team": team(one.owner, teams), "domain": domain(one.owner, teams)}
    if form is Format.json:
        printed({**case, "months": months, "records": records, "records_in_all": whole, "history": history})
    elif form is Format.csv:
        print_rows(records, form)
    else:
        _words(one, case)
        _section(
            "Records", [{name: record[name] for name in RECORD} for record in records], "nothing is found any more"
        )
        _section("Months", months, "no month")
        _section("History", history, "nothing yet")
    if len(found) < whole:
        print(f"records {part_of(len(found), whole, limit, page)}", file=sys.stderr)


def _words(one: Case, case: dict[str, Any]) -> None:
    width = max(map(len, FACTS))
    print(shown(one.title), shown(one.explanation), f"Next: {shown(one.next_action)}", "", sep="\n")
    for name in FACTS:
        if case[name] is not None:
            print(f"{name:<{width}}  {shown(str(plain(case[name])))}")


def _section(title: str, rows: list[dict[str, Any]], none: str) -> None:
    print(f"\n{title}")
    print_rows(rows, Format.table, none)


def _row(one: Any) -> dict[str, Any]:
    return {field.name: getattr(one, field.name) for field in fields(one)}
