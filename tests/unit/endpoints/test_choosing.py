"""What people may choose to replay of what failed elsewhere, and what they read of it (C9, X9, G6)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.console.exceptions.case_presenter import evidence
from app.console.exceptions.outcome import outcome
from app.readings.operations import steering
from app.readings.replays import reading as replays
from app.readings.replays.progress import progress_of
from app.readings.replays.runs import elsewhere
from app.readings.viewer import Viewer
from models.journal import Journal
from tests.endpoints import failure

ALL = Viewer("ada", frozenset({"operations", "administrator"}))
OTHERS = Viewer("eve", frozenset({"operations", "administrator"}), ("NOV-GB",))


def stores(journal: Journal, endpoint: object | None = object()) -> Any:
    """The journal as readings have it, and a catalogue with or without an endpoint."""
    catalogue = SimpleNamespace(endpoint_of=lambda flow: endpoint, domain_of=lambda flow: "integration")
    return SimpleNamespace(journal=journal, desk=journal, catalogue=catalogue)


@pytest.mark.req("C9", "G6")
def test_what_has_an_endpoint_can_be_chosen_by_whom_it_belongs_to(journal: Journal) -> None:
    """G6: not by somebody who is limited to another company; and not where no endpoint is registered."""
    one = failure("TE-1")
    journal.cases.report("foreign_run", [one])
    run_id = str(one.run_id)
    assert replays.replayable(stores(journal), ALL, [run_id, "gone"]) == (run_id,)
    assert elsewhere(stores(journal), ALL, [run_id]) == (run_id,)
    assert replays.correctable_fields(stores(journal), ALL, run_id) == ()
    assert replays.replayable(stores(journal, None), ALL, [run_id]) == ()
    assert replays.replayable(stores(journal), OTHERS, [run_id]) == ()


@pytest.mark.req("C9", "E4", "G6")
def test_a_replay_can_be_stopped_once_some_of_it_was_mended(journal: Journal) -> None:
    """E4: what is gone stops nobody from stopping the rest, but for whoever is limited."""
    ones = [failure("TE-1"), failure("TE-2")]
    journal.cases.report("foreign_run", ones)
    body = {"run_ids": [one.run_id for one in ones], "from": "failed_step"}
    asked = journal.requests.append("replay", body, "ada", "mended", "ada")
    journal.cases.report("foreign_run", ones[1:])
    with pytest.raises(ValueError, match="there is no run"):
        steering.stop(stores(journal), OTHERS, asked, "enough")
    assert steering.stop(stores(journal), ALL, asked, "enough") is None


def test_what_an_endpoint_accepted_reads_as_waiting_and_what_it_never_did_as_failed() -> None:
    body = {"run_ids": ["a", "b"]}
    going = progress_of(body, {"replayed": 1, "accepted": 1})
    assert outcome("running", going)[1] == "Replaying: 0 of 2 arrived. 1 sent, waits for a success there."
    over = progress_of(body, {"replayed": 1, "failed": 1, "unheard": 1, "stopped": True})
    assert "1 run failed again, of 1 nothing was heard in time, 0 arrived" in outcome("failed", over)[1]


def test_the_page_of_a_run_is_a_link_and_nothing_else_is() -> None:
    shown = evidence({"page": 'https://n8n.example/run/1"', "message": "https://evil.example"})
    assert '<a href="https://n8n.example/run/1&quot;" target="_blank" rel="noopener noreferrer">' in shown
    assert "https://evil.example" in shown and 'href="https://evil' not in shown
    assert "href" not in evidence({"page": "javascript:alert(1)"})
