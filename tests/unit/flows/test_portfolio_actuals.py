"""F10: what the books hold reaches the portfolio once, is restated with a reason, and waits where it must."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from integrations.contracts import Change, Role
from integrations.flows import portfolio_actuals
from models.canonical.events import CloudEvent
from models.domain.errors import Rejected, TieoutError
from tests.unit.flows import examples
from tests.unit.flows.harness import Firm, Trail

KEY = "2026-11-01:EUR:NOV-DE:PRJ-1001"


def actual(version: int = 1, amount: str = "62.50", closed: bool = False, **changes: Any) -> CloudEvent:
    data = {
        "project_code": "PRJ-1001",
        "legal_entity_id": "NOV-DE",
        "period": "Nov 2026",
        "period_starts_on": "2026-11-01",
        "period_ends_on": "2026-11-30",
        "period_closed": closed,
        "currency": "EUR",
        "cost": examples.money(amount),
        "revenue": examples.money("120.00"),
        "billed": examples.money("0.00"),
        "hours": "1.00",
        "stated_at": "2026-11-18T10:00:00Z",
        **changes,
    }
    key = f"{data['period_starts_on']}:{data['currency']}:NOV-DE:{data['project_code']}"
    return examples.event("tieout.actual.stated", f"actual:{key}", data, version, "netsuite")


def progress(version: int = 1, day: str = "2026-11-18", **changes: Any) -> CloudEvent:
    data = {
        "project_ref": examples.ref("project", "kantata-1", "kantata"),
        "legal_entity_id": "NOV-DE",
        "complete": "40",
        "milestones": [{"milestone_id": "M1", "name": "Design", "state": "done"}],
        "as_of": day,
        "stated_at": f"{day}T10:00:00Z",
        **changes,
    }
    return examples.event("tieout.progress.stated", "progress:kantata:kantata-1", data, version, "kantata")


@pytest.fixture
def firm() -> Firm:
    made = Firm([portfolio_actuals.FLOW])
    made.links[("planview", "project", "PRJ-1001")] = "PRJ-1001"
    made.links[("kantata", "project", "kantata-1")] = "PRJ-1001"
    return made


def held(firm: Firm) -> dict[str, tuple[str, Decimal, bool, str | None]]:
    """Of each revision in the portfolio: what it costs, whether it is superseded, and why it was made."""
    return {
        name: (change.body.reason, change.body.cost.amount, change.body.superseded)
        for name, change in firm.held(Role.PPM, "actual").items()
    }


def test_a_first_statement_and_its_growth_are_one_record(firm: Firm) -> None:
    firm.hear(actual(), actual(2, "125.00"))
    assert held(firm) == {f"r1:{KEY}": ("running", Decimal("125.00"), False)}
    assert firm.undeclared == []


def test_the_same_figures_are_stated_once(firm: Firm) -> None:
    firm.hear(actual(), actual(2, "62.5", hours="1"))
    assert len(firm.writes) == 1


def test_a_reopened_period_is_restated_and_the_earlier_statement_kept(firm: Firm) -> None:
    firm.hear(actual(), actual(2, closed=True), actual(3), actual(4, "100.00"), actual(5, "100.00", closed=True))
    assert held(firm) == {
        f"r1:{KEY}": ("period-closed", Decimal("62.50"), True),
        f"r2:{KEY}": ("period-closed", Decimal("100.00"), False),
    }
    reasons = [change.body.reason for _, change in firm.writes]
    assert reasons == ["first", "period-closed", "period-reopened", "period-closed", "running", "period-closed"]


def test_an_adjustment_of_a_closed_month_says_so(firm: Firm) -> None:
    firm.hear(actual(closed=True), actual(2, "90.00", closed=True))
    assert held(firm) == {
        f"r1:{KEY}": ("first", Decimal("62.50"), True),
        f"r2:{KEY}": ("closed-period-adjusted", Decimal("90.00"), False),
    }


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
def test_doubled_and_in_any_order_the_newest_stands(firm: Firm, order: tuple[int, ...]) -> None:
    told = {1: actual(1), 2: actual(2, "70.00"), 3: actual(3, "80.00")}
    firm.hear(*[told[n] for n in order for _ in range(2)])
    assert held(firm)[f"r1:{KEY}"][1] == Decimal("80.00")
    assert len(held(firm)) == 1


def test_two_currencies_of_one_project_are_two_statements_that_nobody_adds(firm: Firm) -> None:
    dollars = {name: examples.money("10.00", "USD") for name in ("cost", "revenue", "billed")}
    firm.hear(actual(), actual(2, currency="USD", **dollars))
    assert {change.currency: change.amount for change in firm.held(Role.PPM, "actual").values()} == {
        "EUR": Decimal("62.50"),
        "USD": Decimal("10.00"),
    }


def test_a_project_that_the_portfolio_lacks_pauses_and_goes_on_by_itself(firm: Firm) -> None:
    [trail] = firm.hear(actual(project_code="PRJ-1002"))
    assert (trail.state, trail.waits.what, trail.waits.owner) == ("waiting", "project:PRJ-1002", Role.PPM)
    assert "set it up from its sale" in trail.waits.because and firm.writes == []
    firm.links[("planview", "project", "PRJ-1002")] = "PRJ-1002"
    firm.wake()
    assert trail.state == "settled"


@pytest.mark.parametrize("step", ["ppm-actual", "ppm-supersede"])
def test_a_refused_restatement_is_a_dead_letter_with_its_money_and_its_replay_ends_whole(firm: Firm, step: str) -> None:
    firm.hear(actual(closed=True))

    def refuse(system: str, change: Change) -> TieoutError | None:
        closed = change.body.superseded == (step == "ppm-supersede")
        return Rejected("closed", code="portfolio-period-closed") if closed else None

    firm.refuse = refuse
    [dead] = firm.hear(actual(2, "90.00", closed=True))
    assert (dead.state, dead.error.code) == ("dead", "portfolio-period-closed")
    assert portfolio_actuals.FLOW.money(dead.payload) == (Decimal("120.00"), "EUR")
    firm.refuse = lambda system, change: None
    assert firm.replay(dead, start=True).state == "settled"
    assert {name: superseded for name, (_, _, superseded) in held(firm).items()} == {
        f"r1:{KEY}": True,
        f"r2:{KEY}": False,
    }


def test_a_statement_after_a_refused_one_takes_its_place(firm: Firm) -> None:
    """The newer one is right whatever becomes of the dead one, which then finds nothing to do."""
    firm.hear(actual(closed=True))
    firm.refuse = lambda system, change: Rejected("closed", code="portfolio-period-closed")
    [dead] = firm.hear(actual(2, "90.00", closed=True))
    firm.refuse = lambda system, change: None
    firm.hear(actual(3, "95.00", closed=True))
    assert firm.replay(dead).state == "settled"
    assert held(firm)[f"r2:{KEY}"] == ("closed-period-adjusted", Decimal("95.00"), False)
    assert len(held(firm)) == 2


def told(trail: Trail) -> tuple[str, str | None]:
    return trail.state, trail.waits.what if trail.state == "waiting" and trail.waits else None


def test_progress_is_told_in_the_accounting_period_of_its_day(firm: Firm) -> None:
    """A fiscal period that does not begin with a month; progress that comes before the books waits for them."""
    [early] = firm.hear(progress())
    assert told(early) == ("waiting", "accounting_period:NOV-DE/2026-11")
    firm.hear(actual(period="P12", period_starts_on="2026-10-25", period_ends_on="2026-11-28"))
    assert early.state == "settled"
    [(name, change)] = firm.held(Role.PPM, "progress").items()
    assert name == "2026-10-25:PRJ-1001" and change.body.milestones[0].state == "done"


def test_older_progress_does_not_overtake(firm: Firm) -> None:
    firm.hear(actual(), progress(2, complete="60"), progress(1))
    [change] = firm.held(Role.PPM, "progress").values()
    assert change.body.complete == Decimal("60")


def test_progress_of_a_workspace_that_nobody_linked_waits_for_it(firm: Firm) -> None:
    [trail] = firm.hear(progress(project_ref=examples.ref("project", "kantata-9", "kantata")))
    assert told(trail) == ("waiting", "project:kantata:kantata-9")
