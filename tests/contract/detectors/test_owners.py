"""Whoever must act on a cause is the same on the page that says what holds billing up and in the case."""

from __future__ import annotations

import pytest

from models.domain.team import team
from tests.catalogues import packaged
from tests.findings.books import PROJECT, entry, firm, found, given, mart
from tests.unit.cases.lakes import ROLES

CLOSED, WRONG = f"{PROJECT}.030", f"{PROJECT}.0l0"


@pytest.mark.finding("U6")
@pytest.mark.req("X8", "X19")
def test_the_owner_of_a_blocker_is_the_owner_of_its_case() -> None:
    lake = firm()
    lake.observe("netsuite", "charge_code", CLOSED, project_code=PROJECT, active=False)
    lake.observe("workday", "resource", "E-7", number="E-7", name="Ada", active=True)
    entry(lake, 1, charge_code=CLOSED)
    entry(lake, 2, charge_code=WRONG)
    entry(lake, 3, bill_rate=None)
    entry(lake, 4)
    lake.run("run-4", "time_entry:TE-kantata-4", payload="{}", error_code="rate-missing", system="netsuite")
    entry(lake, 5, project_code="PRJ-1999", charge_code="PRJ-1999.010")
    entry(lake, 6)
    lake.run("run-6", "time_entry:TE-kantata-6", payload="{}", error_code="closed-period", system="netsuite")
    blocked = {
        row["item_key"]: row["blocker_owner"]
        for row in mart(lake, "SELECT item_key, blocker_owner FROM mart_work WHERE blocker IS NOT NULL")
    }
    given(len(blocked) >= 5, f"only {blocked} are blocked")
    cases = {one.subject_key: one.cause.owner for one in found(lake) if one.subject_entity == "time_entry"}
    shared = blocked.keys() & cases.keys()
    assert {f"TE-kantata-{number}" for number in (1, 2, 4, 6)} <= shared
    teams = packaged().teams.playing(ROLES)
    assert {key: team(cases[key], teams) for key in shared} == {key: team(blocked[key], teams) for key in shared}
