"""The Reconciliation page says in a sentence whether it ties out, and what is left to close a month (X12)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.console.reconciliation.closing import checklist, settled
from app.console.reconciliation.presenter import columns, counts, figures, joint_rows, ties, verdict
from app.console.reconciliation.records import record_rows, shown_of
from app.console.reconciliation.words import JOINTS, PLACES
from app.readings.masking import MASKED
from app.readings.tieout.rows import Closing, Joint, Record, Seen

NOW = datetime(2026, 12, 3, 9, 0, tzinfo=UTC)
NAMES = ("source", *PLACES, "target", "unsourced", "unowned")


def joint(entity: str = "time_entry", unbalanced: int = 0, unconverted: int = 0, **records: int) -> Joint:
    """A joint with so many records at each place, worth 100 each."""
    counted = {f"{name}_count": records.get(name, 0) for name in NAMES}
    worth = {f"{name}_reporting": Decimal(100 * records.get(name, 0)) for name in NAMES}
    named = {"flow": "time-to-bill", "source": "kantata", "target": "netsuite", "entity": entity}
    return Joint(**named, **counted, **worth, unbalanced=unbalanced, unconverted=unconverted)


def record(**changed: object) -> Record:
    usual = Record(
        "time-to-bill", "time_entry", "TE-1", "kantata", "TE-1", "netsuite", "TE-1-v1", "PRJ-1", "NOV-DE", "EUR",
        "2026-11", "case", "edited", Decimal("800.00"), Decimal("50.00"), Decimal(8), Decimal("0.5"),
        ("amount", "hours"), NOW - timedelta(days=2), "abc", 1,
    )  # fmt: skip
    return replace(usual, **changed)  # type: ignore[arg-type]


@pytest.mark.req("X12", "O3")
@pytest.mark.parametrize(
    ("joints", "mood", "said"),
    [
        ([joint(source=3, landed=2, on_its_way=1, target=2)], "good", "landed the same, or is on its way"),
        ([joint(source=3, landed=2, cases=1, target=2)], "warn", "1 record did not land, and a case owns each"),
        ([joint(source=3, landed=2, unexplained=1, target=2)], "bad", "1 record unexplained"),
        (
            [joint(source=2, landed=2, target=4, unsourced=2, unowned=2)],
            "bad",
            "2 records of a target that nobody owns",
        ),
        ([joint(source=2, landed=2, target=3, unsourced=1)], "good", "ties out"),
        ([joint(source=2, landed=2, target=2), joint(source=2, landed=1, unbalanced=1)], "bad", "do not balance"),
        ([], "", "No two systems"),
    ],
)
def test_the_verdict_says_whether_it_ties_out(joints: list[Joint], mood: str, said: str) -> None:
    assert verdict(joints)[0] == mood and said in verdict(joints)[1]


@pytest.mark.req("X12")
def test_the_row_of_figures_counts_records_and_adds_no_money_of_different_kinds() -> None:
    shown = figures([joint(source=6, landed=4, cases=2, target=4), joint("contract", source=2, landed=2, target=2)])
    assert [(one.label, one.value) for one in shown[:3]] == [
        ("Landed", "6"),
        ("On its way", "0"),
        ("Owned by a case", "2"),
    ]
    assert [one.note for one in shown[:3]] == ["75.0%", "0.0%", "25.0%"]
    assert all(one.tip for one in shown) and not any("€" in one.value for one in shown)


def test_a_joint_is_a_line_with_both_sides_and_says_when_it_does_not_balance() -> None:
    (row,) = joint_rows([joint(source=3, landed=2, cases=1, target=3, unsourced=1)], "EUR")
    assert "€300.00" in str(row["source"]) and "€200.00" in str(row["landed"]) and "€100.00" in str(row["cases"])
    assert "–" in str(row["unexplained"]) and "balances" in str(row["ties"])
    assert "2 totals off" in str(ties(joint(source=1, unbalanced=2)))
    assert "without a rate" in str(ties(joint(source=1, landed=1, unconverted=1)))


def test_the_column_of_what_was_written_off_is_shown_where_something_was() -> None:
    keys = [[one.key for one in columns([joint(source=1, **place)])] for place in ({"landed": 1}, {"written_off": 1})]
    assert ["written_off" in one for one in keys] == [False, True]


def test_every_joint_that_is_derived_has_a_name() -> None:
    work, sold = {"time_entry", "expense", "invoice_line"}, {"contract", "budget", "milestone"}
    assert set(JOINTS) == work | sold | {"invoice_status", "actual_cost", "actual_revenue", "actual_billed"}


@pytest.mark.req("X12")
def test_a_record_shows_what_each_side_says_and_whose_it_is() -> None:
    (row,) = record_rows([record()], NOW)
    assert "€800.00" in str(row["source"]) and "€50.00" in str(row["target"])
    assert "amount, hours" in str(row["why"]) and "case=abc" in str(row["place"]) and row["since"] == "2 d ago"
    (alone,) = record_rows([record(place="unsourced", case_id=None, source_amount=None, reason="foreign")], NOW)
    assert "t-bad" in str(alone["place"]) and "–" in str(alone["source"])
    (hidden,) = record_rows([record(source_amount=MASKED)], NOW)
    assert "800" not in str(hidden["source"])


def test_a_page_of_records_says_of_how_many() -> None:
    assert shown_of([record(of_all=70)] * 25, 2, 25) == "26–50 of 70 records"
    assert shown_of([], 1, 25) == "0 of 0 records"


@pytest.mark.req("X12")
def test_a_month_is_ready_to_close_when_nothing_is_left() -> None:
    ends = datetime(2026, 12, 1, tzinfo=UTC)
    nothing = Closing(0, Decimal(0), 0, Decimal(0), 0, Decimal(0))
    done = checklist([joint(source=1, landed=1, target=1)], nothing, [Seen("kantata", NOW)], ends, "EUR")
    assert "ready to close" in settled(done)
    left = checklist(
        [joint(source=4, landed=1, on_its_way=1, cases=1, unexplained=1, target=2, unsourced=1, unowned=1)],
        Closing(3, Decimal(30), 2, Decimal(20), 1, Decimal(10)),
        [Seen("kantata", ends - timedelta(hours=1))],
        ends,
        "EUR",
    )
    assert "8 things to settle" in settled(left)
    assert "kantata" in str(left[0]["left"]) and "3 items wait, €30.00" in str(left[1]["left"])


def test_counts_are_over_all_joints() -> None:
    assert counts([joint(source=2, landed=2), joint(source=3, cases=3)])["source"] == 5
