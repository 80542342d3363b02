"""One way to write money, ages and shares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.console.widgets import formats

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (Decimal("12345.6"), "EUR", "€12,345.60"),
        ("-4.5", "GBP", "−£4.50"),
        (Decimal(0), "USD", "$0.00"),
        (Decimal(7), "CHF", "CHF 7.00"),
        (None, "EUR", "–"),
        (Decimal("-0.001"), "EUR", "€0.00"),
    ],
)
def test_money_is_exact_and_has_its_currency(amount: object, currency: str, text: str) -> None:
    assert formats.money(amount, currency) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("9334", "€9,334"),
        ("10000", "€10.0k"),
        ("128400", "€128k"),
        ("1280000", "€1.28M"),
        ("-22200", "−€22.2k"),
        ("2500000000", "€2.50bn"),
    ],
)
def test_headline_money_is_short(amount: str, text: str) -> None:
    assert formats.money_short(amount, "EUR") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.05, "50 ms"),
        (4.2, "4.2 s"),
        (42, "42 s"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (187_200, "2 d 4 h"),
        (None, "–"),
        (86_460, "1 d"),
        (-14_544, "−4 h 2 min"),
    ],
)
def test_durations_use_their_two_largest_units(seconds: float | None, text: str) -> None:
    assert formats.duration(seconds) == text


def test_moments_are_told_from_the_present() -> None:
    assert formats.since(NOW - timedelta(hours=3, minutes=20), NOW) == "3 h ago"
    assert formats.since(NOW + timedelta(days=2), NOW) == "in 2 d"


def test_times_are_in_the_viewers_zone_and_utc_where_it_is_unknown() -> None:
    """O7: the viewer's own time zone."""
    assert formats.moment(NOW, "America/New_York") == "20 Nov 05:00"
    assert formats.moment(NOW, "Nowhere/Land") == "20 Nov 10:00"


def test_counts_agree_with_their_nouns() -> None:
    assert (formats.plural(1, "failure"), formats.plural(2140, "failure")) == ("1 failure", "2,140 failures")
    assert formats.points(Decimal("-0.063")) == "−6.3 pts"
    assert formats.words("charge_code-of_x") == "Charge code of x"


@pytest.mark.parametrize(
    ("run_id", "shown"),
    [
        ("0192f0c1-7a55-7c3e-9a51-0e5a7b1c2d3e", "0192f0c1"),
        ("4BF92F3577B34DA6A3CE929D0E0E4736", "4BF92F35"),
        ("1042", "1042"),
        ("scheduled__2026-11-20T06:00:00+00:00", "scheduled__2026-11-20T0…"),
    ],
)
def test_the_run_of_an_engine_shows_as_there(run_id: str, shown: str) -> None:
    assert formats.run_id(run_id) == shown
