"""Of two ERPs one was not read for long: what it lacks says nothing of later, and the other is judged as before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from models.derivation.refresh import refresh
from tests.findings.books import Stopped
from tests.unit.cases import lakes
from tests.unit.cases.lakes import NOW, Lake, hours_ago, money
from tests.unit.marts.test_sources import extracted

pytestmark = pytest.mark.req("X18")

FIRMS = {"NOV-DE": "netsuite", "NOV-UK": "sage"}
SOLD = {
    "currency": "EUR",
    "customer_key": "C-1",
    "value": money("50000.00"),
    "closed_at": hours_ago(524),
    "missing": [],
}


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Lake:
    """Each company has one project that its ERP has with a code, and another that was sold and is in the PSA alone; a
    day ago somebody booked on both, on the one under a code that is in no list yet.
    """
    monkeypatch.setitem(lakes.ROLES, "sage", "erp")
    made = Lake()
    for firm, erp in FIRMS.items():
        for system in ("salesforce", "kantata", erp):
            made.observe(system, "project", f"{firm}-1", hours_ago(500), legal_entity=firm, **SOLD)
        for system in ("salesforce", "kantata"):
            made.observe(system, "project", f"{firm}-2", hours_ago(500), legal_entity=firm, **SOLD)
        made.observe(erp, "charge_code", f"{firm}-1.010", hours_ago(500), legal_entity=firm, project_code=f"{firm}-1")
        for project, code in ((1, f"{firm}-1.020"), (2, f"{firm}-2.010")):
            booked = {"project_code": f"{firm}-{project}", "charge_code": code, "work_date": "2026-09-28", "hours": "8"}
            stamps = dict.fromkeys(("submitted_at", "approved_at", "changed_at"), hours_ago(24).isoformat())
            key = f"TE-{firm}-{project}"
            worth = {"approval": "approved", "billable": True, "bill_rate": money("100.00")}
            made.observe("kantata", "time_entry", key, hours_ago(23), legal_entity=firm, **booked, **stamps, **worth)
    for system in (*FIRMS.values(), "kantata", "salesforce"):
        made.observe(system, "customer", "C-1", NOW, name="Halden")
        for entity in ("project", "charge_code", "time_entry", "customer"):
            extracted(made, system, entity, NOW)
    return made


def read_last(lake: Lake, system: str, entity: str, at: datetime) -> None:
    """Somebody's list was read no more since then; everything else of that system is."""
    where = [lakes._micros(at), system, entity]
    lake.connection.execute("UPDATE journal.main.extract SET taken_at = ? WHERE system = ? AND entity = ?", where)
    lake.observe(system, "customer", "C-2", NOW, name="News")


def blockers(lake: Lake) -> dict[str, Any]:
    refresh(lake.connection, "EUR", Stopped())
    return {row["item_key"]: row["blocker"] for row in lake.rows("SELECT item_key, blocker FROM mart_work")}


FOUND = {f"TE-{firm}-{n}": what for firm in FIRMS for n, what in ((1, "charge-code-unknown"), (2, "project-missing"))}


def test_what_both_lack_and_were_read_for_is_missing(lake: Lake) -> None:
    assert blockers(lake) == FOUND


@pytest.mark.parametrize(
    "entity, silent", [("project", "TE-NOV-UK-2"), ("charge_code", "TE-NOV-UK-1")], ids=["projects", "codes"]
)
def test_a_list_that_was_not_read_since_the_work_says_nothing_of_it(lake: Lake, entity: str, silent: str) -> None:
    """The other list of the same ERP goes on being judged, and so does the other company's ERP; and once the list is
    read again, what it lacks is missing.
    """
    read_last(lake, "sage", entity, hours_ago(30))
    assert blockers(lake) == {**FOUND, silent: "in-flight"}
    read_last(lake, "sage", entity, NOW)
    assert blockers(lake) == FOUND


def test_work_of_no_company_that_an_erp_has_is_asked_of_all_of_them(lake: Lake) -> None:
    """Whose ERP it would be in nobody knows: the one that was read least far may have got it since."""
    booked = {"project_code": "NOBODYS", "work_date": "2026-09-28", "hours": "8", "approval": "approved"}
    stamps = dict.fromkeys(("submitted_at", "approved_at", "changed_at"), hours_ago(24).isoformat())
    lake.observe("salesforce", "project", "NOBODYS", hours_ago(500), legal_entity="NOV-FR", **SOLD)
    lake.observe("kantata", "time_entry", "TE-9", hours_ago(23), legal_entity="NOV-FR", **booked, **stamps)
    assert blockers(lake)["TE-9"] == "project-missing"
    read_last(lake, "sage", "project", hours_ago(30))
    assert blockers(lake)["TE-9"] == "in-flight"
