"""Why a margin eroded: the bridge, hours against budget, rates, and figures with their range."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest

from app.console.margin import erosion, forecast
from app.console.margin.bridge import bridge
from app.console.margin.tables import gap_rows
from app.console.widgets import behind, figures
from app.console.widgets.figures import figure_rows
from app.readings.margin.rows import Entry, Forecast, GapRecord, Person
from app.readings.masking import masked_rows
from app.readings.rates.rows import BehindCase, BehindRecord, Day, Figure
from app.readings.rights import ROLES
from models.canonical.classification import MASK

NOW = datetime(2026, 11, 29, 9, 0, tzinfo=UTC)
GRID = Forecast(
    project_key="PRJ-1",
    name="Grid",
    customer_name="Halden",
    legal_entity="NOV-DE",
    service_line="Energy",
    fixed=False,
    sold_revenue=D(100000),
    sold_cost=D(65000),
    sold_hours=D(1000),
    sold_rate=D(100),
    sold_cost_rate=D(65),
    hours=D(600),
    billable_hours=D(550),
    hours_to_complete=D(400),
    revenue=D(90000),
    cost=D(70000),
    margin=D(20000),
    complete=D(60),
    planned=D(75),
    baseline_ends_on=date(2026, 11, 27),
    forecast_ends_on=date(2026, 12, 11),
    slip_days=14,
    erosion=D(15000),
    rate=D(4000),
    mix=D(5000),
    overrun=D(0),
    unbilled=D(6000),
    written_off=D(0),
    unexplained=D(0),
    items=120,
    open_items=3,
)


@pytest.mark.finding("U4")
@pytest.mark.req("O4")
def test_the_answer_names_what_took_most_of_the_margin() -> None:
    mood, sentence = erosion.verdict(GRID, "EUR")
    assert mood == "bad"
    assert sentence == (
        "PRJ-1 was sold at 35.0% and ends at 22.2%: €15.0 k less than sold, "
        "most of it by unbilled scope (€6.0 k) and staffing mix (€5.0 k)."
    ).replace("€15.0 k", erosion.formats.money_short(D(15000), "EUR")).replace(
        "€6.0 k", erosion.formats.money_short(D(6000), "EUR")
    ).replace("€5.0 k", erosion.formats.money_short(D(5000), "EUR"))
    better = replace(GRID, erosion=D(-100), rate=D(-100), mix=D(0), unbilled=D(0))
    assert erosion.verdict(better, "EUR")[0] == "good"


@pytest.mark.finding("U4")
@pytest.mark.req("O4")
def test_the_bridge_leads_from_the_margin_as_sold_to_the_end_without_a_gap() -> None:
    (drawn,) = bridge(GRID, "EUR").data
    assert drawn.x[0] == "As sold" and drawn.x[-1] == "At completion"
    assert drawn.y[0] == 35000 and drawn.y[-1] == 20000
    assert sum(drawn.y[:-1]) == drawn.y[-1], "each part is taken once"


@pytest.mark.finding("U4")
@pytest.mark.req("O4")
def test_hours_stand_against_their_budget_and_the_finish_against_its_baseline() -> None:
    shown = {one.label: one for one in erosion.figures(GRID, "EUR")}
    assert shown["Hours"].value == "1,000" and shown["Hours"].note == "of 1,000 sold; 600 are done"
    assert shown["Finish"].note == "14 days late" and shown["Progress"].note == "planned 75.0%"
    over = {one.label: one for one in erosion.figures(replace(GRID, fixed=True, hours=D(700)), "EUR")}
    assert over["Hours"].mood == "bad" and over["Billed an hour"].note == "by milestones"


@pytest.mark.req("O4")
def test_people_show_their_rates_beside_those_that_were_sold_and_entries_lead_to_their_journey() -> None:
    person = Person("E-7", D(10), D(8), D(720), D(700), D(80), D(50), D(200), D(0))
    (row,) = erosion.people_rows([person], GRID, "EUR")
    assert "€90.00" in str(row["billed"]) and "sold at €100.00" in str(row["billed"])
    assert "€70.00" in str(row["costs"]) and "t-bad" in str(row["rate"])
    entry = Entry(
        *("TE-1", "time", "E-7", date(2026, 9, 1), D(8), True, D(720), D(600), "billed", None),
        *(D(80), D(90), D(0), D(0), D(0), 1),
    )
    (shown,) = erosion.entry_rows([entry], "EUR")
    assert "/journey?q=TE-1" in str(shown["item"]) and "€170.00" in str(shown["taken"])
    assert shown["why"] == "staffing mix"


@pytest.mark.req("G2")
def test_who_may_not_see_labour_rates_sees_no_bridge() -> None:
    (hidden,) = masked_rows(Forecast, [asdict(GRID)], ROLES["auditor"].clear)
    assert erosion.parts(hidden) == [] and not bridge(hidden, "EUR").data
    assert erosion.verdict(hidden, "EUR") == ("", "Margins are masked for your roles.")
    shown = erosion.figures(hidden, "EUR")
    assert shown[0].value == MASK and "20" not in shown[0].note
    assert not any(one.label == "Margin at completion" and one.mood for one in shown)


def figure(**changed: object) -> Figure:
    usual = Figure(
        name="billable_utilisation",
        value=D("76.89"),
        adjusted=D("76.78"),
        low=D("74.29"),
        high=D("77.61"),
        unit="%",
        target=75.0,
        n=160,
        numerator=D(53083),
        denominator=D(69040),
        as_of=datetime(2026, 11, 29, 8, 0, tzinfo=UTC),
        definition="Billable ÷ available",
        note=None,
    )
    return replace(usual, **changed)  # type: ignore[arg-type]


@pytest.mark.req("X13", "O5")
def test_a_figure_shows_its_range_what_was_divided_and_its_trend() -> None:
    days = [Day(date(2026, 11, day), "billable_utilisation", D(70 + day)) for day in (3, 1, 2)]
    (row,) = figures.figure_rows([figure()], days, NOW)
    assert (row["adjusted"], row["range"]) == ("76.8%", "74.3% … 77.6%")
    assert "53,083 ÷ 69,040" in str(row["divided"]) and "n = 160" in str(row["divided"])
    assert "t-good" in str(row["value"]) and str(row["trend"]).count("<i") == 3
    assert figures.trend(days)["billable_utilisation"] == [71.0, 72.0, 73.0]
    (late,) = figures.figure_rows([figure(name="schedule_slippage", value=D(9), unit="days", target=5.0)], [], NOW)
    assert "t-warn" in str(late["value"]), "less is better"


@pytest.mark.req("X13")
def test_a_figure_without_its_source_says_so_and_shows_no_number() -> None:
    bare = figure(value=None, adjusted=None, low=None, high=None, n=0, note="no source yet: leave")
    (row,) = figures.figure_rows([bare], [], NOW)
    assert "no source yet: leave" in str(row["value"]) and row["adjusted"] == "–" and row["range"] == "–"


@pytest.mark.req("O4")
def test_the_forecast_at_completion_is_told_by_service_line_and_for_the_whole_portfolio() -> None:
    """Ratios are sums over sums; the most eroded comes first."""
    small = replace(
        GRID, project_key="PRJ-2", service_line="Retail", erosion=D(-1000), margin=D(8000), revenue=D(20000)
    )
    small = replace(small, cost=D(12000), sold_revenue=D(20000), sold_cost=D(13000), slip_days=None, open_items=0)
    rows = forecast.forecast_rows([small, GRID, replace(GRID, project_key="PRJ-3")], "service_line", "EUR")
    assert [("Energy" in str(row["name"]), row["projects"], row["erosion"]) for row in rows] == [
        (True, "2", "€30,000.00"),
        (False, "1", "−€1,000.00"),
    ]
    assert (rows[0]["share"], rows[0]["sold"], rows[1]["slip"]) == ("22.2%", "35.0%", "as planned")
    assert "14 days late" in str(rows[0]["slip"]) and rows[0]["open"] == "6"
    total = forecast.whole([GRID, small], "EUR")
    assert (total["projects"], total["revenue"], total["share"]) == ("2", "€110,000.00", "25.5%")
    assert forecast.whole([], "EUR")["share"] == "–"


@pytest.mark.req("X13")
def test_a_range_leads_to_its_cases_and_records() -> None:
    figure = Figure("billing_readiness", D(56), D(56), D(56), D(99), "%", 95.0, 10, None, None, NOW, "ready", None)
    [row] = figure_rows([figure], [], NOW, ("billing_readiness",), "/billing")
    assert 'href="/billing?behind=billing_readiness"' in str(row["range"])
    cases = [
        BehindCase("c1", "closed-period", 18, D(0), D(0), D("20611.19")),
        BehindCase(None, None, 1, D("1.00"), D("-2.00"), D(0)),
    ]
    told = behind.case_rows(cases, "billing_readiness", "EUR")
    assert "/exceptions?case=c1" in str(told[0]["case"]) and told[0]["favour"] == "€20,611.19"
    assert "not set up" in str(told[1]["case"])
    total = behind.whole(cases, "billing_readiness", "EUR")
    assert (total["records"], total["adjusted"], total["against"], total["favour"]) == (
        "19",
        "€1.00",
        "−€2.00",
        "€20,611.19",
    )
    one = BehindRecord("time_entry", "TE-1", "c1", "closed-period", "PRJ-1", None, D(0), D("-7.50"), D(0), 1)
    [shown] = behind.record_rows([one], "billable_utilisation", "EUR")
    assert shown["against"] == "−7.50 h" and "q=TE-1" in str(shown["record"])


@pytest.mark.req("X6")
def test_a_difference_between_two_margins_is_told_by_what_says_so_and_the_rest() -> None:
    base = GapRecord(
        "time_entry", "TE-1", "PRJ-1", None, "2026-09", "missing", True, "closed-period", D(1), D(0), D(1), 2
    )
    known, own = gap_rows([base, replace(base, why="cost", told=False, blocker=None)], "EUR")
    assert (known["why"], known["told"]) == ("not in the ERP", "Accounting period is closed")
    assert (own["why"], own["told"]) == ("costs another amount", "a case of its own")
