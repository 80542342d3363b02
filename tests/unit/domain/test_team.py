"""Owners read as teams, whichever way they were kept."""

from __future__ import annotations

import pytest

from models.domain.team import owners_of_teams, team
from tests.catalogues import packaged

TEAMS = packaged().teams.playing({"netsuite": "erp", "kantata": "psa", "salesforce": "crm"})


@pytest.mark.req("X8")
def test_a_system_a_role_and_a_flow_read_as_one_team() -> None:
    """X8: nobody is called “netsuite”."""
    assert {team(owner, TEAMS) for owner in ("netsuite", "erp")} == {"ERP team"}
    assert {team(owner, TEAMS) for owner in ("finance", "time-to-bill", "finance-operations")} == {"Finance operations"}
    assert team("workday", TEAMS) == "workday team", "a system nobody has seen yet is named"


def test_two_systems_of_one_role_are_told_apart() -> None:
    two = TEAMS.playing({**TEAMS.roles, "sap": "erp"})
    assert [team(owner, two) for owner in ("netsuite", "sap", "erp")] == [
        "ERP team (netsuite)",
        "ERP team (sap)",
        "ERP team",
    ]


def test_a_chosen_team_asks_for_all_its_owners() -> None:
    kept = ["netsuite", "erp", "kantata"]
    assert owners_of_teams(["ERP team"], kept, TEAMS) == ("netsuite", "erp")
    assert owners_of_teams(["netsuite"], kept, TEAMS) == ("netsuite", "erp"), "an older address still works"
    assert owners_of_teams(["Nobody"], kept, TEAMS) == ("Nobody",), "and an unknown one does not mean everybody"
    assert owners_of_teams([], kept, TEAMS) == ()
