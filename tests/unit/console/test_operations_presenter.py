"""Is work flowing? The sentences and figures of the operations page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.console.operations import chart
from app.console.operations import presenter as present
from models.journal.throttle import Circuit
from tests.catalogues import packaged

LEVELS = packaged().service_levels
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def flow(**more: Any) -> dict[str, Any]:
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
    return {**base, **more}


HELD = [
    {
        "flow": "time-to-bill",
        "bucket": "1–4 h",
        "bucket_order": 2,
        "failures": 12,
        "amount_reporting": Decimal("38200.10"),
    }
]


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
def test_a_flows_health_is_one_sentence(row: dict[str, Any], held: list[Any], mood: str, part: str) -> None:
    """O1: failing before late before flowing."""
    found = present.health(row, held, LEVELS["time-to-bill"], NOW)
    assert found.mood == mood
    assert part in found.sentence


@pytest.mark.req("O1")
def test_the_page_answers_first_whether_work_flows() -> None:
    calm, stuck = present.stake([]), present.Stake(63, Decimal("1070000"))
    good = present.healths([flow()], [], NOW, LEVELS)
    assert present.verdict(good, calm, NOW, NOW, "EUR") == (
        "good",
        "Work is flowing in the one flow that ran; nothing is stuck.",
    )
    assert present.verdict(good, stuck, NOW, NOW, "EUR") == (
        "warn",
        "Work is flowing in the one flow that ran; 63 open exceptions, €1.07M at stake.",
    )
    bad = present.healths([flow(), flow(flow="staff", settled=10, dead=90)], HELD, NOW, LEVELS)
    assert present.verdict(bad, stuck, NOW, NOW, "EUR") == (
        "bad",
        "staff needs attention; 63 open exceptions, €1.07M at stake.",
    )
    assert [one.flow for one in bad] == ["staff", "time-to-bill"]
    few = present.healths([flow(flow="intake", settled=0, dead=3)], [], NOW, LEVELS)
    assert few[0].mood == "warn"
    assert present.verdict([], calm, NOW - timedelta(days=2), NOW, "EUR") == (
        "",
        "Nothing ran in this window; the last work was 2 d ago; nothing is stuck.",
    )
    assert present.verdict([], calm, None, NOW, "EUR") == ("", "Nothing has run yet; nothing is stuck.")


@pytest.mark.req("O1")
def test_nothing_is_judged_while_history_is_played() -> None:
    """O1: what is late or stuck in one look is done in the next, so a verdict would only flip."""
    bad, stuck = present.healths([flow(settled=10, dead=90)], HELD, NOW, LEVELS), present.Stake(63, Decimal("1070000"))
    assert present.verdict(bad, stuck, NOW, NOW, "EUR", playing=True) == (
        "info",
        "History is being played: flows are judged once the world is live.",
    )
    assert present.verdict(bad, stuck, NOW, NOW, "EUR")[0] == "bad"


def test_lengths_of_time_stand_in_one_unit_and_what_is_worth_nothing_names_no_money() -> None:
    row = present.flow_rows(
        [flow(lag_p50_s=5_100.0, lag_p95_s=81_600.0, run_p50_ms=90_000.0, run_p95_ms=None)],
        [],
        [],
        present.healths([flow()], [], NOW, LEVELS),
        "EUR",
        LEVELS,
    )[0]
    assert [str(row[key]).replace('<span class="">', "").replace("</span>", "") for key in ("lag", "run")] == [
        "1.4 h · 22.7 h",
        "1.5 min · –",
    ]
    bare = [{**HELD[0], "amount_reporting": Decimal(0)}]
    assert ">12</a>" in str(
        present.flow_rows([flow()], [], [], present.healths([flow()], bare, NOW, LEVELS), "EUR", LEVELS)[0]["held"]
    )
    assert "€" not in str(present.ageing(bare, "EUR")[1][0])
    idle = present.flow_rows(
        [flow(lag_p50_s=None, lag_p95_s=None)], [], [], present.healths([flow()], [], NOW, LEVELS), "EUR", LEVELS
    )[0]
    assert idle["lag"] == "–"


@pytest.mark.req("O1")
def test_dead_letters_are_counted_whole_also_of_flows_that_did_not_run_in_the_window() -> None:
    held = [*HELD, {**HELD[0], "flow": "intake", "failures": 3}]
    letters = next(
        one for one in present.figures([flow()], held, present.stake([]), [], [], "EUR") if one.label == "Dead letters"
    )
    assert (letters.value, letters.note) == ("15", "hold €76.4k")


def test_a_change_that_no_target_answered_says_so() -> None:
    pair = {
        "flow": "intake",
        "source_system": "kantata",
        "target_system": None,
        "entity": None,
        "acknowledged": 0,
        "lag_p50_s": None,
        "lag_p95_s": None,
        "lag_max_s": None,
        "oldest_pending_s": 60.0,
    }
    assert "not answered" in str(present.pair_rows([pair])[0]["pair"])


def test_what_a_cell_cuts_off_shows_when_hovered() -> None:
    from app.console.widgets.markup import Column, table

    assert 'title="a &quot;long&quot; message"' in table(
        [Column("message", "Message", "wide")], [{"message": 'a "long" message'}]
    )


def test_failure_ageing_keeps_the_order_of_the_buckets_and_both_units() -> None:
    """O1, O5: count and money by the buckets of the definition."""
    columns, rows = present.ageing(
        [*HELD, {**HELD[0], "bucket": "< 1 h", "bucket_order": 1, "failures": 3, "amount_reporting": Decimal(5)}], "EUR"
    )
    assert [title for _, title in columns] == ["< 1 h", "1–4 h"]
    assert "12" in str(rows[0]["b2"]) and "€38.2k" in str(rows[0]["b2"])
    assert "15" in str(rows[0]["total"])


def test_hours_without_work_show_as_such() -> None:
    hours = [NOW - timedelta(hours=3), NOW]
    times = chart.slots(NOW - timedelta(hours=3, minutes=-1), NOW + timedelta(minutes=20), 3600)
    assert times == [NOW - timedelta(hours=at) for at in (3, 2, 1, 0)]
    series = [
        {"flow": "a", "slot": at, "settled": 4, "dead": 1, "admitted": 5, "retries": 0, "replays": 0, "lag_p95_s": 1}
        for at in hours
    ]
    figure = chart.throughput(series, times, 3600, list(LEVELS))
    assert next(bars for bars in figure["data"] if bars["name"] == "a")["y"] == [4, 0, 0, 4]
    assert figure["data"][-1]["y"] == [0.2, None, None, 0.2]
    assert chart.throughput([], times, 3600, list(LEVELS))["data"][-1]["y"] == [None] * 4


def test_a_flow_keeps_its_colour_whichever_others_ran() -> None:
    """Colours go by place in the figure: every known flow has one, and only those that ran are in the legend."""
    slot = {"slot": NOW, "settled": 1, "dead": 0}
    alone, both = (
        chart.throughput([{**slot, "flow": name} for name in names], [NOW], 3600, list(LEVELS))["data"]
        for names in (["time-to-bill"], ["intake", "master-data", "time-to-bill"])
    )
    places = [[bars["name"] for bars in data].index("time-to-bill") for data in (alone, both)]
    assert places[0] == places[1]
    assert [bars["name"] for bars in alone[:-1] if bars["showlegend"]] == ["time-to-bill"]


def test_an_open_circuit_and_a_rate_limit_are_told_apart() -> None:
    rows = present.circuit_rows(
        [
            Circuit("netsuite", "open", 8, None, NOW + timedelta(seconds=12), "timeout"),
            Circuit("planview", held_until=NOW + timedelta(seconds=40)),
        ],
        NOW,
    )
    assert [row["state"] for row in rows] == ["circuit open", "rate-limited: waits as it was told"]
    assert [row["until"] for row in rows] == ["in 12 s", "in 40 s"]


def test_markup_from_records_is_escaped() -> None:
    """G3: what a system says is text, never HTML."""
    row = {
        "letters": 1,
        "error_code": "<b>",
        "system": "<script>alert(1)</script>",
        "flow": "f",
        "amount_reporting": 1,
        "oldest": NOW,
        "message": "<img src=x>",
    }
    from app.console.operations.page import LETTERS
    from app.console.widgets.markup import table

    drawn = table(LETTERS, present.letter_rows([row], NOW, "EUR"))
    assert "<script>" not in drawn and "<img" not in drawn and "&lt;script&gt;" in drawn
