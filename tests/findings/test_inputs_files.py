"""Files as Excel and time trackers write them, after public bug reports; the inputs lie in `cases/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from integrations.connectors.csv import CONNECTOR
from integrations.contracts.connector import Page, Role, SystemConfig
from models.domain.clock import SystemClock
from models.domain.errors import TieoutError

CASES = Path(__file__).parent / "cases"


def polled(folder: str, mapping: str = "map.toml") -> Page:
    """The time of `folder`/time.csv; a folder that cannot be read at all is a failed expectation, with its reason."""
    options = {"folder": str(CASES / folder), "mapping": str(CASES / mapping)}
    try:
        return CONNECTOR(
            SystemConfig("sheets", "csv", Role.PSA, "file:///", ("NOV-UK",), {}, options), SystemClock()
        ).poll("time", None)
    except TieoutError as error:
        raise AssertionError(f"{folder} cannot be read: {error}") from error


def hours(page: Page) -> dict[str, str]:
    """Hours by the id of the row."""
    return {event.id.split(":")[2]: str(event.data["hours"]) for event in page.events}


@pytest.mark.finding("case 20")
def test_an_inch_mark_costs_its_own_row_at_most() -> None:
    """In 0.1.0 an unquoted 27" makes one row of ten, without hours or value.
    Wanted: at least the ten rows without a mark are read.
    """
    assert len(polled("20-inch-mark").events) >= 10


@pytest.mark.finding("case 23")
def test_durations_of_toggl_are_hours() -> None:
    """0.1.0 takes no duration for hours. Wanted: 01:30:00 is one hour and a half."""
    assert [float(value) for value in hours(polled("23-toggl-clockify/toggl")).values()][:1] == [1.5]


@pytest.mark.finding("case 23")
def test_a_decimal_comma_is_read_through_a_mapping() -> None:
    """0.1.0 refuses 7,50 whatever the mapping says. Wanted: seven hours and a half."""
    assert [float(value) for value in hours(polled("23-toggl-clockify/german", "map-semi.toml")).values()] == [7.5]


@pytest.mark.finding("case 23")
def test_what_only_a_programmer_takes_for_a_number_is_refused() -> None:
    """0.1.0 reads `1_5` as 15 hours. Wanted: `1_5` and `1e1` are refused where one can see them."""
    assert not {"6", "7"} & set(hours(polled("23-toggl-clockify/clockify")))


@pytest.mark.finding("case 23")
def test_hours_of_four_decimals_are_read() -> None:
    """0.1.0 refuses 1.6833, as Clockify writes 1:41. Wanted: it is read."""
    assert "1" in hours(polled("23-toggl-clockify/clockify"))


@pytest.mark.finding("case 24")
@pytest.mark.parametrize(
    ("shape", "word", "mapping"),
    [("utf16", "UTF-16", "map.toml"), ("cr", "CR", "map.toml"), ("sep", "sep=", "map-semi.toml")],
)
def test_shapes_of_excel_are_read_or_named(shape: str, word: str, mapping: str) -> None:
    """0.1.0 says "no readable header row" of all three. Wanted: the row is read, or the message names the shape."""
    try:
        read = polled(f"24-excel-shapes/{shape}", mapping)
    except AssertionError as error:
        assert word in str(error), str(error)
        return
    assert list(hours(read)) == ["1"], [str(error) for *_, error in read.rejected]
