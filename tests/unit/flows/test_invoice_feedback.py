"""F9: what became of an invoice shows in the PSA, in whatever order and however often the ERP's words arrive."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from integrations.contracts import Change, Role
from integrations.flows import invoice_feedback
from models.canonical.events import CloudEvent
from models.domain.errors import Rejected
from tests.unit.flows import examples
from tests.unit.flows.harness import NOW, Firm

INVOICE = "IN-netsuite-2000001"


def told(
    verb: str, version: int, status: str, paid: str = "0.00", credited: str = "0.00", **changes: Any
) -> CloudEvent:
    data = {
        "invoice_id": INVOICE,
        "ref": examples.ref("invoice", "2000001", "netsuite"),
        "number": "INV-10001",
        "project_id": "PRJ-1001",
        "legal_entity_id": "NOV-DE",
        "issued_on": "2026-11-16",
        "status": status,
        "total": examples.money("1200.00"),
        "paid": examples.money(paid),
        "credited": examples.money(credited),
        "bills": ["TE-kantata-27"],
        **changes,
    }
    return CloudEvent(
        id=f"netsuite:invoice:{version}:{verb}",
        source="netsuite",
        type=f"tieout.invoice.{verb}",
        subject=f"invoice:{INVOICE}",
        time=NOW,
        dataschema="tieout:invoice_status:1",
        data=data,
        sourceversion=version,
        legalentity="NOV-DE",
    )


LIFE = (
    told("issued", 1, "open"),
    told("paid", 2, "partly_paid", paid="400.00"),
    told("credited", 3, "partly_paid", paid="400.00", credited="100.00"),
    told("voided", 4, "void"),
)


@pytest.fixture
def firm() -> Firm:
    made = Firm((invoice_feedback.FLOW,))
    made.links[("kantata", "project", "1001")] = "PRJ-1001"
    return made


def shown(firm: Firm) -> Change:
    return firm.held(Role.PSA, "invoice_status")[INVOICE]


@pytest.mark.req("F9")
def test_the_psa_is_shown_each_word_whole(firm: Firm) -> None:
    for event in LIFE:
        [trail] = firm.hear(event)
        assert trail.state == "settled"
        change = shown(firm)
        assert (change.action, change.refs) == ("upsert", {"project": "1001"})
        assert {name: change.body[name] for name in ("status", "paid", "credited", "bills")} == {
            name: event.data[name] for name in ("status", "paid", "credited", "bills")
        }
        assert (str(change.amount), change.currency) == ("1200.00", "EUR")
    assert firm.undeclared == []


@pytest.mark.req("F9", "E7")
@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_doubled_and_in_any_order_the_last_word_stands(firm: Firm, order: tuple[int, ...]) -> None:
    """A payment before its invoice, a void before the credit that it followed."""
    firm.hear(*(LIFE[n] for n in order for _ in range(2)))
    assert shown(firm).body["status"] == "void"
    assert {trail.state for trail in firm.trails} == {"settled"}


@pytest.mark.req("F9", "E5")
def test_an_invoice_of_a_project_that_the_psa_has_not_waits_for_it(firm: Firm) -> None:
    [trail] = firm.hear(told("issued", 1, "open", project_id="PRJ-2002"))
    assert trail.state == "waiting" and trail.waits is not None
    assert (trail.waits.what, trail.waits.missing, trail.waits.owner) == ("project:PRJ-2002", ["project"], Role.PSA)
    assert "INV-10001" in trail.waits.because and firm.writes == []
    firm.links[("kantata", "project", "1002")] = "PRJ-2002"
    firm.wake()
    assert trail.state == "settled" and shown(firm).refs == {"project": "1002"}


@pytest.mark.req("F9")
def test_an_invoice_stays_on_its_project_when_the_erp_deletes_that(firm: Firm) -> None:
    firm.hear(LIFE[0], told("paid", 2, "paid", paid="1200.00", project_id=None))
    assert (shown(firm).body["status"], shown(firm).body["project_id"]) == ("paid", "PRJ-1001")


@pytest.mark.req("F9")
@pytest.mark.parametrize(("status", "project"), [("draft", "PRJ-1001"), ("open", None)])
def test_a_draft_and_an_invoice_without_a_project_are_no_business_of_the_psa(
    firm: Firm, status: str, project: str | None
) -> None:
    [trail] = firm.hear(told("issued", 1, status, project_id=project))
    assert trail.state == "settled" and firm.writes == [] and trail.said["psa-invoice"].because


@pytest.mark.req("F9", "E1")
def test_an_older_word_replayed_after_a_newer_one_changes_nothing(firm: Firm) -> None:
    firm.refuse = lambda system, change: Rejected("not in EUR", code="invoice-currency") if firm.facts else None
    [refused] = firm.hear(LIFE[0])
    assert refused.state == "dead" and refused.flow.money(refused.payload) is not None
    firm.refuse = lambda system, change: None
    firm.hear(LIFE[3])
    firm.replay(refused)
    assert shown(firm).body["status"] == "void"
