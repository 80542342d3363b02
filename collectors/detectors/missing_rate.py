"""Work and people without a rate: their value cannot be known, or not in the reporting currency (X4, M6)."""

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
    """One item in a currency without an exchange rate, with its money in that currency: its price, if that is it."""
    currency = row["currency"] if row["unpriced"] else row["cost_currency"]
    cause = _rateless(currency, row["blocker_owner"] if row["blocker"] == "not-convertible" else "erp")
    counted = row if row["unpriced"] and not row["counted"] else {**row, "billable": False}
    text = fingerprint("not-convertible", currency, row["legal_entity"])
    return item_finding(counted, text, cause, cost=row["cost_amount"], cost_currency=row["cost_currency"])


def unsummed(row: Row) -> Finding:
    """One sale in a currency without an exchange rate: no money is held back by that, its value is evidence."""
    seen = {"value": row["value"], "currency": row["currency"], "name": row["name"], "code": row["key"]}
    return Finding(
        fingerprint("not-convertible", row["currency"], row["legal_entity"]),
        _rateless(row["currency"], "erp"),
        "opportunity",
        row["system_id"],
        since=row["closed_at"],
        legal_entity=row["legal_entity"],
        project_key=row["key"],
        customer_key=row["customer_key"],
        evidence={name: str(value) for name, value in seen.items() if value is not None},
    )


def unusable(row: Row) -> Finding:
    """One exchange rate that stands in a system and is left out, since it lacks what makes it one."""
    words = explain("rate-unusable")
    cause = Cause(
        "rate-unusable",
        f"Exchange rates in {row['system']} that cannot be used",
        words.explanation,
        words.next_action,
        row["system"],
        words.money_kind,
        system=row["system"],
        root=True,
    )
    seen = {name: row[name] for name in ("fault", "base", "quote", "rate", "effective_date")}
    return Finding(
        fingerprint("rate-unusable", row["system"]),
        cause,
        "exchange_rate",
        row["system_id"],
        since=row["observed_at"],
        evidence={name: str(value) for name, value in seen.items() if value is not None},
    )


def _rateless(currency: str | None, owner: str) -> Cause:
    words = explain("not-convertible")
    return Cause(
        "not-convertible",
        f"No exchange rate for {currency or 'work without a currency'}",
        words.explanation,
        words.next_action,
        owner,
        words.money_kind,
        "medium",
        flow=TIME_TO_BILL,
        system="erp",
        root=True,
        subject=("exchange_rate", currency or "-"),
    )


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
    ("X4", "M6"),
    __file__,
    {
        "unpriced": unpriced,
        "uncosted": uncosted,
        "unconverted": unconverted,
        "unsummed": unsummed,
        "unusable": unusable,
    },
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
            "mart_work": [
                {**_ENTRY, "currency": "CHF", "bill_amount": "5.00", "legal_entity": "ACME-CH"},
                {**_ENTRY, "item_key": "TE-2", "bill_amount": "9.00", "cost_amount": "4.00", "cost_currency": "CHF"},
            ],
            "mart_fx": [{"currency": "EUR", "rate": 1}, {"currency": "GBP", "rate": 1.17}],
        },
        [("not-convertible|CHF|ACME-CH", "TE-kantata-1", "5.00"), ("not-convertible|CHF|-", "TE-2", None)],
    ),
    Example(
        "in a currency without a rate, and on hold: its money is in that case",
        {
            "mart_work": [
                {**_ENTRY, "currency": "CHF", "bill_amount": "5.00", "state": "blocked", "blocker": "billing-hold"}
            ],
            "mart_fx": [{"currency": "EUR", "rate": 1}, {"currency": "GBP", "rate": 1.17}],
        },
        [("not-convertible|CHF|-", "TE-kantata-1", None)],
    ),
    Example(
        "billed in a currency without a rate: it is named, and holds nothing back",
        {
            "mart_work": [
                {
                    **_ENTRY,
                    "currency": "CHF",
                    "bill_amount": "5.00",
                    "state": "billed",
                    "blocker": "not-convertible",
                    "blocker_owner": "netsuite",
                }
            ],
            "mart_fx": [{"currency": "EUR", "rate": 1}, {"currency": "GBP", "rate": 1.17}],
        },
        [("not-convertible|CHF|-", "TE-kantata-1", None)],
    ),
    Example(
        "written off by two people in a currency without a rate: it is named, and nothing of it is held back any more",
        {
            "mart_work": [
                {
                    **_ENTRY,
                    "currency": "CHF",
                    "bill_amount": "5.00",
                    "state": "written_off",
                    "blocker": "not-convertible",
                    "blocker_owner": "netsuite",
                }
            ],
            "mart_fx": [{"currency": "EUR", "rate": 1}, {"currency": "GBP", "rate": 1.17}],
        },
        [("not-convertible|CHF|-", "TE-kantata-1", None)],
    ),
    Example(
        "in a currency without a rate, and its posting differs: the tie-out leaves it to this case",
        {
            "mart_work": [
                {**_ENTRY, "currency": "CHF", "bill_amount": "5.00", "state": "blocked", "blocker": "posting-differs"}
            ],
            "mart_fx": [{"currency": "EUR", "rate": 1}, {"currency": "GBP", "rate": 1.17}],
        },
        [("not-convertible|CHF|-", "TE-kantata-1", "5.00")],
    ),
    Example(
        "in a currency without a rate, taken back from approval, and one of its changes waits: that case has its money",
        {
            "mart_work": [
                {
                    **_ENTRY,
                    "currency": "CHF",
                    "bill_amount": "5.00",
                    "state": "not_approved",
                    "blocker": "not-submitted",
                }
            ],
            "open_runs": [
                {"flow": "time-to-bill", "state": "waiting", "business_key": "time_entry:TE-kantata-1"},
                {"flow": "time-to-bill", "state": "ready", "business_key": "time_entry:TE-kantata-1"},
            ],
            "mart_fx": [{"currency": "EUR", "rate": 1}, {"currency": "GBP", "rate": 1.17}],
        },
        [("not-convertible|CHF|-", "TE-kantata-1", None)],
    ),
    Example(
        "in a currency without a rate and not approved: its money is in the case of its code, of who rejected it or of "
        "who lets it lie, and here only while there is none",
        {
            "mart_work": [
                {**_ENTRY, "currency": "CHF", "bill_amount": "5.00", "state": "not_approved", "item_key": key, **told}
                for key, told in {
                    "TE-1": {"blocker": "approval-pending", "submitted_at": "2026-09-30 09:00:00+00"},
                    "TE-2": {"blocker": "not-submitted", "code_fault": "charge-code-missing"},
                    "TE-3": {"blocker": "rejected"},
                    "TE-4": {"blocker": "approval-pending", "submitted_at": "2026-09-20 09:00:00+00"},
                    "TE-5": {"blocker": "not-submitted", "work_date": "2026-09-02"},
                }.items()
            ],
            "mart_fx": [{"currency": "EUR", "rate": 1}, {"currency": "GBP", "rate": 1.17}],
        },
        [("not-convertible|CHF|-", "TE-1", "5.00")]
        + [("not-convertible|CHF|-", f"TE-{number}", None) for number in range(2, 6)],
    ),
    Example(
        "no exchange rate at all, a minute after the ERP was first seen: they are still on their way",
        {
            "mart_work": [{**_ENTRY, "currency": "CHF", "bill_amount": "5.00"}],
            "mart_fx": [{"currency": "EUR", "rate": 1}],
            "mart_state_project": [
                {"system": "netsuite", "role": "erp", "key": "PRJ-1001", "first_seen": "2026-09-30 11:59:00+00"}
            ],
        },
    ),
    Example(
        "sold in a currency without a rate: named with its value, and nothing is held back",
        {
            "mart_fx": [{"currency": "EUR", "rate": 1}, {"currency": "GBP", "rate": 1.17}],
            "mart_state_project": [
                {"system": "salesforce", "role": "crm", "key": f"PRJ-{n}", "system_id": f"006{n}", **sold}
                for n, sold in enumerate(
                    ({"value": "9000.00", "currency": "CHF"}, {"value": "9.00", "currency": "GBP"}, {"currency": "CHF"})
                )
            ],
        },
        [("not-convertible|CHF|-", "0060", None)],
        {"value": "9000.00", "currency": "CHF"},
    ),
    Example(
        "an exchange rate without a base, beside a good one and one that was mended since",
        {
            "mart_state_rate": [
                {"system": "netsuite", "system_id": "7", "fault": "no base currency", "present": True, "latest": True},
                {"system": "netsuite", "system_id": "8", "present": True, "latest": True},
                {"system": "netsuite", "system_id": "9", "fault": "no rate", "present": True, "latest": False},
            ]
        },
        [("rate-unusable|netsuite", "7", None)],
        {"fault": "no base currency"},
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
