"""What a vendor says of its own count of calls (S10)."""

from __future__ import annotations

import pytest

from integrations.connectors.reply import Reply
from integrations.contracts.metering import Made, Tally


@pytest.mark.req("S10")
@pytest.mark.parametrize(
    ("header", "quota"),
    [
        ("api-usage=18/5000", (18, 5000)),
        ("api-usage=18/5000; per-app-api-usage=17/250(appName=tieout)", (18, 5000)),
        ("api-usage=/5000", None),
        ("", None),
    ],
)
def test_used_and_allowed_calls_are_read_from_the_answer(header: str, quota: tuple[int, int] | None) -> None:
    assert Reply(200, {"sforce-limit-info": header}, b"").quota == quota


@pytest.mark.req("S10")
def test_a_tally_gives_what_was_counted_once() -> None:
    tally = Tally()
    tally.add("crm")
    tally.told("crm", 18, 5000)
    tally.add("crm")
    assert tally.of_thread == 2
    assert tally.drained() == {"crm": Made(2, 18, 5000)} and tally.drained() == {}
