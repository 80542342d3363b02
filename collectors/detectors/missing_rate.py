"""Work and people without a rate: their value cannot be known (X4)."""

from __future__ import annotations

from dataclasses import replace

from collectors.detectors.contract import Detector, Example, Row, item_finding
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint
from models.domain.flow_names import TIME_TO_BILL

_WORDS = explain("rate-missing")


def unpriced(row: Row) -> Finding:
    """One item whose price is not known: for want of a bill rate or, where that is known, of the person's cost rate."""
    if not row["rateless"]:
        cause = _costless(row["resource_key"], row["hcm"] or "hcm")
        if not row["uncosted"]:
            cause = replace(
                cause,
                explanation="The rate has arrived in the meantime; this work was refused before that.",
                next_action="Replay: it is priced now.",
            )
        return item_finding(row, fingerprint("rate-missing", "cost", row["resource_key"]), cause)
    cause = _cause(
        f"No bill rate for {row['resource_key']} on {row['project_key']}",
        row["source_system"] or "psa",
        "revenue_at_risk",
    )
    cause = replace(cause, subject=("resource", row["resource_key"] or "-"))
    return item_finding(row, fingerprint("rate-missing", "bill", row["project_key"], row["resource_key"]), cause)


def uncosted(row: Row) -> Finding:
    cause = _costless(row["key"], row["system"])
    return Finding(
        fingerprint("rate-missing", "cost", row["key"]), cause, "resource", row["key"], legal_entity=row["legal_entity"]
    )


def unconverted(row: Row) -> Finding:
    cause = _cause(f"No exchange rate for {row['currency']}", "erp", "none")
    return Finding(fingerprint("rate-missing", "exchange", row["currency"]), cause, "exchange_rate", row["currency"])


def _costless(number: str, owner: str) -> Cause:
    return replace(_cause(f"No cost rate for {number}", owner, "billing_blocked"), subject=("resource", number))


def _cause(title: str, owner: str, kind: str) -> Cause:
    return Cause(
        "rate-missing",
        title,
        _WORDS.explanation,
        _WORDS.next_action,
        owner,
        kind,
        "medium",
        flow=TIME_TO_BILL,
        system=owner,
        root=True,
    )


DETECTOR = Detector(
    "missing_rate",
    "Work and people without a rate",
    ("X4",),
    __file__,
    {"unpriced": unpriced, "uncosted": uncosted, "unconverted": unconverted},
)

_ENTRY = {
    "kind": "time",
    "item_key": "TE-kantata-1",
    "project_key": "PRJ-1001",
    "resource_key": "E-7",
    "billable": True,
    "currency": "EUR",
    "state": "blocked",
}

EXAMPLES = (
    Example(
        "billable time without a bill rate",
        {
            "mart_work": [{**_ENTRY, "blocker": "rate-missing", "rateless": True}],
            "mart_fx": [{"currency": "EUR", "rate": 1}],
        },
        [("rate-missing|bill|PRJ-1001|E-7", "TE-kantata-1", None)],
    ),
    Example(
        "time of a person without a cost rate: one case with the person",
        {
            "mart_work": [{**_ENTRY, "blocker": "rate-missing", "bill_amount": "500.00", "rateless": False}],
            "mart_fx": [{"currency": "EUR", "rate": 1}],
            "mart_state_resource": [{"key": "E-7", "system": "workday", "role": "hcm", "active": True}],
        },
        [("rate-missing|cost|E-7", "TE-kantata-1", "500.00"), ("rate-missing|cost|E-7", "E-7", None)],
    ),
    Example(
        "the cost rate came after the refusal: the same case, to be replayed",
        {
            "mart_work": [{**_ENTRY, "blocker": "rate-missing", "bill_amount": "500.00", "rateless": False}],
            "mart_fx": [{"currency": "EUR", "rate": 1}],
            "mart_state_resource": [
                {"key": "E-7", "system": "workday", "role": "hcm", "active": True, "cost_rate": "70.00"}
            ],
        },
        [("rate-missing|cost|E-7", "TE-kantata-1", "500.00")],
    ),
    Example(
        "a person without a cost rate",
        {"mart_state_resource": [{"key": "E-7", "system": "workday", "role": "hcm", "active": True}]},
        [("rate-missing|cost|E-7", "E-7", None)],
    ),
    Example(
        "a currency without an exchange rate",
        {
            "mart_work": [{**_ENTRY, "currency": "CHF", "state": "ready", "bill_amount": "5.00"}],
            "mart_fx": [{"currency": "EUR", "rate": 1}, {"currency": "GBP", "rate": 1.17}],
        },
        [("rate-missing|exchange|CHF", "CHF", None)],
    ),
    Example(
        "all rates are known",
        {
            "mart_work": [{**_ENTRY, "state": "ready", "bill_amount": "5.00"}],
            "mart_fx": [{"currency": "EUR", "rate": 1}],
            "mart_state_resource": [
                {"key": "E-7", "system": "workday", "role": "hcm", "active": True, "cost_rate": "70.00"}
            ],
        },
    ),
)
