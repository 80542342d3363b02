"""One odd value at a source stops nobody else's work."""

from __future__ import annotations

import pytest

from integrations.contracts.connector import Page, Role
from integrations.engine.engine import Engine
from models.domain.errors import Unmappable
from models.journal.journal import Journal
from tests.journals import clock, journal  # noqa: F401  fixtures
from tests.unit.engine.hostile import HandClock, Hostile, event, posting_flow


def polled(journal: Journal, clock: HandClock, page: Page) -> tuple[int, str]:  # noqa: F811
    """How many runs one poll of a page began, and what it raised."""
    source = Hostile("psa", Role.PSA, streams=("time",))
    source.pages = {"time": [page]}
    engine = Engine(journal, [posting_flow()], [source, Hostile("erp")], clock)
    raised = ""
    try:
        engine.poll()
    except Exception as error:  # noqa: BLE001  the test says what came out
        raised = f"{type(error).__name__}: {error}"
    return sum(journal.runs.states().values()), raised


@pytest.mark.finding("C2a")
def test_half_an_emoji_holds_up_no_neighbour(journal, clock):  # noqa: F811
    """0.1.0 raised on half an emoji in one entry's notes at every poll and admitted none of the page, with no
    reason beside the cursor.

    Wanted: the neighbours are admitted.
    """
    odd = event("b")
    odd = odd.model_copy(update={"data": {**odd.data, "notes": "call \ud83d"}})
    runs, raised = polled(journal, clock, Page([event("a"), odd, event("c")], "1"))
    assert runs >= 2, f"the neighbours were not admitted: {raised}"


@pytest.mark.finding("C2b")
def test_a_very_long_integer_holds_up_no_neighbour(journal, clock):  # noqa: F811
    """0.1.0 raised on a refused row with an integer beyond 64 bits at every poll and admitted none of the page.

    Wanted: the neighbours are admitted.
    """
    refused = (
        "time_entry:b",
        {"id": "b", "weird": 123456789012345678901},
        Unmappable("weird is new at the vendor", "weird"),
    )
    runs, raised = polled(journal, clock, Page([event("a"), event("c")], "1", rejected=[refused]))
    assert runs >= 2, f"the neighbours were not admitted: {raised}"
