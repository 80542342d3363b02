"""F5, E1: whatever the order, however many duplicates and refusals, the ERP ends with the newest version of each entry,
once.
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.contracts import Change, Role
from integrations.flows import flows
from models.canonical.events import CloudEvent
from models.domain.errors import OutcomeUnknown, Rejected, Retriable, TieoutError
from tests.unit.flows import examples
from tests.unit.flows.harness import Firm

VERSIONS = st.lists(
    st.tuples(st.sampled_from(["approved", "corrected", "reversed"]), st.sampled_from(["1.00", "2.50", "7.75"])),
    min_size=1,
    max_size=4,
)


def ready_firm() -> Firm:
    firm = Firm(flows())
    firm.links[("kantata", "resource", "kantata-u1")] = "E-1007"
    firm.hear(examples.customer(), examples.person(), examples.sale())
    firm.links[("kantata", "project", "kantata-1")] = "PRJ-1001"
    return firm


def told(history: list[tuple[str, str]], entry: str) -> list[CloudEvent]:
    return [examples.hours(entry, version, verb, hours=hours) for version, (verb, hours) in enumerate(history, start=1)]


def net(firm: Firm, entry: str) -> Decimal:
    """Hours that count for an entry: postings less reversals, each external id once."""
    total = Decimal(0)
    for external, change in firm.held(Role.ERP, "time_entry").items():
        if external.startswith(f"TE-kantata-{entry}-v"):
            total += Decimal(change.body["hours"]) * (-1 if change.action == "reverse" else 1)
    return total


def truth(history: list[tuple[str, str]]) -> Decimal:
    verb, hours = history[-1]
    return Decimal(0) if verb == "reversed" else Decimal(hours)


@pytest.mark.req("F5", "E1", "E7")
@settings(max_examples=120, deadline=None)
@given(histories=st.lists(VERSIONS, min_size=1, max_size=3), data=st.data())
def test_disorder_and_duplicates_end_at_the_newest_version(
    histories: list[list[tuple[str, str]]], data: st.DataObject
) -> None:
    firm = ready_firm()
    events = [event for number, history in enumerate(histories) for event in told(history, str(number))]
    again = data.draw(st.lists(st.sampled_from(events), max_size=4))
    firm.hear(*data.draw(st.permutations([*events, *again])))
    assert [net(firm, str(number)) for number in range(len(histories))] == [truth(history) for history in histories]


@pytest.mark.req("E1", "E4")
@settings(max_examples=200, deadline=None)
@given(
    history=VERSIONS,
    faults=st.lists(st.sampled_from(["", "", "refused", "down", "lost after", "lost before"]), max_size=12),
    data=st.data(),
)
def test_refusals_lost_answers_and_replays_in_any_order_never_post_twice(
    history: list[tuple[str, str]], faults: list[str], data: st.DataObject
) -> None:
    firm, faults = ready_firm(), list(faults)

    def trouble(system: str, change: Change) -> TieoutError | None:
        fault = faults.pop() if system == "netsuite" and change.entity == "time_entry" and faults else ""
        if fault == "lost after":
            firm.targets[system][change.external_id] = {"system_id": change.external_id, "change": change}
        return {"": None, "refused": Rejected("no", code="closed-period"), "down": Retriable("down")}.get(
            fault, OutcomeUnknown("?", change.key)
        )

    firm.refuse = trouble
    before = len(firm.trails)
    firm.hear(*data.draw(st.permutations(told(history, "0"))))
    faults.clear()
    dead = [trail for trail in firm.trails[before:] if trail.state == "dead"]
    for trail in data.draw(st.permutations(dead)):
        firm.replay(trail, start=data.draw(st.booleans()))
    newest = max(
        (trail for trail in firm.trails[before:] if trail.flow.name == "time-to-bill"),
        key=lambda trail: trail.event.sourceversion,
    )
    assert firm.replay(newest).state == "settled"
    assert net(firm, "0") == truth(history)
    held = firm.held(Role.ERP, "time_entry")
    assert all(external.removesuffix("-R") in held for external in held)
