"""A corrected replay as two people bring it about: one asks, another approves exactly that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.journal import Journal
from models.journal.runs.replays import Replays


def asked_and_approved(journal: Journal, body: Mapping[str, Any], maker: str = "ops", checker: str = "ben") -> str:
    """The id of a replay that takes two and that both agreed to."""
    request_id = journal.requests.append("replay", body, maker, "it was wrong")
    asked = journal.requests.approval(request_id)
    assert asked is not None, "it took one person alone"
    journal.requests.approve(request_id, asked.hash, checker, "agreed")
    return request_id


def replayed_by_two(journal: Journal, run_ids: Sequence[str], correction: Mapping[str, Any]) -> Replays:
    """Replays of these runs from their start, corrected, by an approved request that ends with it."""
    body = {"run_ids": list(run_ids), "from": "start", "correction": correction}
    request_id = asked_and_approved(journal, body)
    assert [one.request_id for one in journal.requests.take("test", ["replay"])] == [request_id]
    made = journal.runs.replay(run_ids, "start", correction, "ops", {"request_id": request_id})
    journal.requests.settle(request_id, "done")
    return made
