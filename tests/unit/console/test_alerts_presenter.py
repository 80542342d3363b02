"""Who was told of what, as the operations page shows it (X10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.console.operations.alerts import ALERTS, alert_rows
from app.console.widgets.markup import table
from app.readings.alerts.rows import Told

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def told(state: str = "pending", attempts: int = 0, again: datetime | None = None, fault: str | None = None) -> Told:
    title = "Kestrel <b>Avionics</b>: 214 records wait"
    return Told(NOW, state, "case", "finance", "mail", title, attempts, fault, None, again, "a-1")


@pytest.mark.req("X10")
@pytest.mark.parametrize(
    ("one", "said"),
    [
        (told(), "on its way"),
        (told("delivered", 1), "delivered"),
        (told("pending", 3, NOW + timedelta(minutes=2), "it answered 503"), "again in 2 min"),
        (told("dead", 40, fault="no address of that name"), "never arrived"),
    ],
)
def test_an_alert_says_whether_it_arrived(one: Told, said: str) -> None:
    [row] = alert_rows([one], NOW, "UTC")
    assert said in str(row["state"])
    drawn = table(ALERTS, [row])
    assert "<b>Avionics" not in drawn and "finance" in drawn and "mail" in drawn
    assert one.fault is None or one.fault in drawn
