"""Is work flowing? The sentences and figures of the operations page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.console.operations import chart, tables
from app.console.operations import health as judge
from app.console.operations import presenter as present
from app.console.operations.flow_table import ageing, flow_rows
from app.console.widgets.markup import Column, table
from app.readings.operations.rows import DeadLetters, FlowVolume, Held, PairLag, Slot, Stake
from models.journal.circuits import Circuit
from tests.catalogues import packaged

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LEVELS = packaged().service_levels


def flow(**more: Any) -> FlowVolume:
    base = {
        "flow": "time-to-bill",
        "admitted": 100,
        "settled": 99,
        "dead": 1,
        "retries": 3,
        "replays": 0,
        "paused": 0,
        "lag_p50_s": 2.0,
        "lag_p95_s": 40.0,
        "lag_max_s": 80.0,
        "run_p50_ms": 900.0,
        "run_p95_ms": 2100.0,
        "last_hour": NOW - timedelta(hours=1),
    }
    return FlowVolume(**{**base, **more})


HELD = [Held("time-to-bill", "1–4 h", 2, 12, Decimal("38200.10"))]
CALM = Stake(0, 0, {})
STUCK = Stake(63, 7, {"sold_not_set_up": Decimal(517_000), "billing_blocked": Decimal(340_000)})
AT_STAKE = "billing blocked €340k · sold and not set up €517k"


@pytest.mark.req("O1")
@pytest.mark.parametrize(
    ("row", "held", "mood", "part"),
    [
        (flow(), [], "good", "flows, 40 s behind"),
        (flow(), HELD, "warn", "flows"),
        (flow(lag_p95_s=90_000.0), [], "warn", "runs late: 1 d 1 h behind, 1 d allowed"),
        (flow(settled=90, dead=10), HELD, "bad", "10.0% of its runs"),
        (flow(settled=0, dead=0), [], "bad", "takes work in and finishes none"),
        (flow(admitted=0, settled=0, dead=0, lag_p95_s=None), [], "", "at rest; last work 1 h ago"),
    ],
)
def test_a_flows_health_is_one_sentence(row: FlowVolume, held: list[Held], mood: str, part: str) -> None:
    """O1: failing before late before flowing."""
    found = judge.health(row, held, LEVELS["time-to-bill"], NOW)
    assert found.mood == mood
    assert part in found.sentence


@pytest.mark.req("O1")
def test_the_page_answers_first_whether_work_flows() -> None:
    calm, stuck = CALM, STUCK
    good = judge.healths([flow()], [], LEVELS, NOW)
    assert judge.verdict(good, calm, NOW, NOW, "EUR") == (
        "good",
        "Work is flowing in the one flow that ran; nothing is stuck.",
    )
    assert judge.verdict(good, stuck, NOW, NOW, "EUR") == (
        "warn",
        "Work is flowing in the one flow that ran; 63 records are stuck: " + AT_STAKE + ".",
    )
    bad = judge.healths([flow(), flow(flow="staff", settled=10, dead=90)], HELD, LEVELS, NOW)
    assert judge.verdict(bad, stuck, NOW, NOW, "EUR") == (
        "bad",
        "staff needs attention; 63 records are stuck: " + AT_STAKE + ".",
    )
    assert [one.flow for one in bad] == ["staff", "time-to-bill"]
    few = judge.healths([flow(flow="intake", settled=0, dead=3)], [], LEVELS, NOW)
    assert few[0].mood == "warn"
    assert judge.verdict([], calm, NOW - timedelta(days=2), NOW, "EUR") == (
        "",
        "Nothing ran in this window; the last work was 2 d ago; nothing is stuck.",
    )
    assert judge.verdict([], calm, None, NOW, "EUR") == ("", "Nothing has run yet; nothing is stuck.")


@pytest.mark.req("O1")
def test_nothing_is_judged_while_history_is_played() -> None:
    """O1: what is late or stuck in one look is done in the next, so a verdict would only flip."""
    bad, stuck = judge.healths([flow(settled=10, dead=90)], HELD, LEVELS, NOW), STUCK
    assert judge.verdict(bad, stuck, NOW, NOW, "EUR", playing=True) == (
        "info",
        "History is being played: flows are judged once the world is live.",
    )
    assert judge.verdict(bad, stuck, NOW, NOW, "EUR")[0] == "bad"


def test_lengths_of_time_stand_in_one_unit_and_what_is_worth_nothing_names_no_money() -> None:
    row = flow_rows(
        [flow(lag_p50_s=5_100.0, lag_p95_s=81_600.0, run_p50_ms=90_000.0, run_p95_ms=None)],
        [],
        [],
        judge.healths([flow()], [], LEVELS, NOW),
        LEVELS,
        "EUR",
    )[0]
    assert [str(row[key]).replace('<span class="">', "").replace("</span>", "") for key in ("lag", "run")] == [
        "1.4 h · 22.7 h",
        "1.5 min · –",
    ]
    bare = [replace(HELD[0], amount_reporting=Decimal(0))]
    found = judge.healths([flow()], bare, LEVELS, NOW)
    assert ">12</a>" in str(flow_rows([flow()], [], [], found, LEVELS, "EUR")[0]["held"])
    assert "€" not in str(ageing(bare, "EUR")[1][0])
    [idle] = flow_rows([flow(lag_p50_s=None, lag_p95_s=None)], [], [], found, LEVELS, "EUR")
    assert idle["lag"] == "–"


@pytest.mark.req("O1")
def test_dead_letters_are_counted_whole_also_of_flows_that_did_not_run_in_the_window() -> None:
    held = [*HELD, replace(HELD[0], flow="intake", failures=3)]
    letters = next(one for one in present.figures([flow()], held, CALM, [], [], "EUR") if one.label == "Dead letters")
    assert (letters.value, letters.note) == ("15", "runs, they hold €76.4k")


def test_a_change_that_no_target_answered_says_so() -> None:
    pair = PairLag("intake", "kantata", None, None, 0, None, None, None, 60.0)
    assert "not answered" in str(tables.pair_rows([pair])[0]["pair"])


def test_what_a_cell_cuts_off_shows_when_hovered() -> None:
    assert 'title="a &quot;long&quot; message"' in table(
        [Column("message", "Message", "wide")], [{"message": 'a "long" message'}]
    )


def test_failure_ageing_keeps_the_order_of_the_buckets_and_both_units() -> None:
    """O1, O5: count and money by the buckets of the definition."""
    columns, rows = ageing(
        [*HELD, replace(HELD[0], bucket="< 1 h", bucket_order=1, failures=3, amount_reporting=Decimal(5))], "EUR"
    )
    assert [title for _, title in columns] == ["< 1 h", "1–4 h"]
    assert "12" in str(rows[0]["b2"]) and "€38.2k" in str(rows[0]["b2"])
    assert "15" in str(rows[0]["total"])


def test_hours_without_work_show_as_such() -> None:
    hours = [NOW - timedelta(hours=3), NOW]
    times = chart.slots(NOW - timedelta(hours=3, minutes=-1), NOW + timedelta(minutes=20), 3600)
    assert times == [NOW - timedelta(hours=at) for at in (3, 2, 1, 0)]
    series = [Slot("a", at, 4, 1) for at in hours]
    figure = chart.throughput(series, ["a"], times, 3600)
    bars, rate = figure.data
    assert (bars.name, list(bars.y), list(rate.y)) == ("a", [4, 0, 0, 4], [0.2, None, None, 0.2])
    assert list(chart.throughput([], LEVELS, times, 3600).data[-1].y) == [None] * 4


def test_a_flow_keeps_its_colour_whichever_others_ran() -> None:
    """Colours go by place in the figure: every known flow has one, and only those that ran are in the legend."""
    alone, both = (
        chart.throughput([Slot(name, NOW, 1, 0) for name in names], LEVELS, [NOW], 3600).data
        for names in (["time-to-bill"], ["intake", "master-data", "time-to-bill"])
    )
    places = [[bars.name for bars in data].index("time-to-bill") for data in (alone, both)]
    assert places[0] == places[1]
    assert [bars.name for bars in alone[:-1] if bars.showlegend] == ["time-to-bill"]


def test_an_open_circuit_and_a_rate_limit_are_told_apart() -> None:
    rows = tables.circuit_rows(
        [
            Circuit("netsuite", "open", 8, None, NOW + timedelta(seconds=12), "timeout"),
            Circuit("planview", held_until=NOW + timedelta(seconds=40)),
        ],
        NOW,
    )
    assert [row["state"] for row in rows] == ["circuit open", "rate-limited: waits as it was asked to"]
    assert [row["until"] for row in rows] == ["in 12 s", "in 40 s"]


def test_markup_from_records_is_escaped() -> None:
    """G3: what a system says is text, never HTML."""
    row = DeadLetters("f", "<script>alert(1)</script>", "<b>", 1, NOW, "<img src=x>", Decimal(1))
    drawn = table(tables.DEAD_LETTERS, tables.dead_letter_rows([row], {}, NOW, "EUR"))
    assert "<script>" not in drawn and "<img" not in drawn and "&lt;script&gt;" in drawn


def test_a_figure_knows_its_keys() -> None:
    """A key that Plotly does not know would be dropped in the browser without a word."""
    figure = chart.throughput([Slot("a", NOW, 1, 0)], ["a"], [NOW], 3600)
    assert figure.layout.yaxis2.overlaying == "y" and figure.layout.barmode == "stack"
    with pytest.raises(ValueError, match="hovertemplat"):
        figure.data[0].update(hovertemplat="x")
