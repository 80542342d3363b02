"""What came beside what was to be expected, on the page (X7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.console.operations import volume as present
from app.readings.volume.rows import Volume, VolumeHour

pytestmark = pytest.mark.req("X7", "O1")
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
USUAL = Volume(
    flow="time-to-bill",
    system="kantata",
    instance="",
    legal_entity="",
    whole=True,
    zone="Europe/Berlin",
    state="usual",
    first_at=NOW - timedelta(days=90),
    last_at=NOW - timedelta(minutes=5),
    until_at=NOW,
    came=118,
    expected=120.0,
    low=100.0,
    high=140.0,
    weeks=12,
    missed=None,
    missed_low=None,
    missed_high=None,
    missed_from=None,
    missed_until=None,
    confidence=None,
)
SILENT = replace(
    USUAL,
    state="silent",
    last_at=NOW - timedelta(hours=4),
    missed=42.0,
    missed_low=30.0,
    missed_high=55.0,
    confidence=13 / 14,
)


def said(one: Volume) -> dict[str, str]:
    [row] = present.volume_rows([one], NOW, "UTC")
    return {name: str(value) for name, value in row.items()}


def test_a_flow_that_comes_as_ever_says_how_much_and_what_is_usual() -> None:
    row = said(USUAL)
    assert (row["state"], row["came"], row["expected"], row["range"]) == (
        "comes as expected",
        "118",
        "120",
        "100 to 140",
    )
    assert "t-dot good" in row["flow"] and row["last"] == "5 min ago"


def test_silence_says_since_when_what_was_expected_and_how_sure_it_is_and_leads_to_its_case() -> None:
    row = said(SILENT)
    assert "silent since 20 Nov 06:00" in row["state"] and "42 (30 to 55) expected since" in row["state"]
    assert "confidence 93%" in row["state"] and "/exceptions?flow=time-to-bill" in row["state"]
    assert "t-dot bad" in row["flow"]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (replace(USUAL, state="few"), "far too little comes"),
        (replace(USUAL, state="learning"), "not enough history yet: since 22 Aug 10:00"),
        (replace(USUAL, state="rests"), "rests, as the catalogue says"),
        (replace(USUAL, until_at=None), "its source was not read to the end yet"),
    ],
)
def test_each_other_state_is_told_in_words(one: Volume, words: str) -> None:
    assert words in said(one)["state"]


def test_a_company_is_named_beside_its_source_and_a_day_of_rest_expects_nothing() -> None:
    row = said(replace(USUAL, legal_entity="NOV-US", whole=False, instance="eu", expected=None, low=None, high=None))
    assert row["source"] == "kantata eu for NOV-US" and (row["expected"], row["range"]) == ("–", "–")
    assert said(replace(USUAL, legal_entity="NOV-US"))["source"] == "kantata", "all of it is of one company"


def test_the_band_shows_each_hour_and_leaves_out_what_is_not_known() -> None:
    hours = [
        VolumeHour(NOW + timedelta(hours=at), at, *((None,) * 3 if at == 1 else (2.0, 1.0, 4.0))) for at in range(3)
    ]
    low, high, usual, came = present.band(hours).data
    assert (list(low.y), list(high.y), list(usual.y)) == ([1, None, 1], [4, None, 4], [2, None, 2])
    assert list(came.y) == [0, 1, 2] and len(came.x) == 3


def test_the_axis_of_few_events_counts_whole_ones() -> None:
    few, many = (present.band([VolumeHour(NOW, came, None, None, None)]) for came in (0, 700))
    assert (few.layout.yaxis.dtick, many.layout.yaxis.dtick) == (1, None)
