"""Flows that others run: what they failed at until a later run mends it, and runs that do not end (C9, X7, X8)."""

from __future__ import annotations

from decimal import Decimal

from collectors.detectors.contract import Detector, Example, Row, at_stake, credit_of
from models.domain.finding import Cause, Finding
from models.domain.fingerprint import fingerprint

_SHOWN = 90
"""Characters of an error in a title."""


def failed(row: Row) -> Finding:
    """One thing that a flow failed at: one case for each flow, step and error, whatever the records are called."""
    entity, key = _subject(row)
    amount, currency, reporting = _money(row)
    parts = [row["flow"], row["system"], row["instance"], row["step"], row["template"] or row["error_code"]]
    kind = "billing_blocked" if row["known"] else "revenue_at_risk" if amount is not None else "none"
    seen = {
        "run": row["run_id"],
        "step": row["step"],
        "code": row["error_code"],
        "message": row["error_message"],
        "engine": row["instance"] or None,
        "attempt": row["attempt"],
        "failures": row["failures"] if row["failures"] > 1 else None,
        **credit_of(row["bill_amount"], row["billable"]),
    }
    return Finding(
        # What an engine says of money is not added to what systems hold: of each there is a case.
        fingerprint("foreign-failed", *parts, *(["stated"] if kind == "revenue_at_risk" else [])),
        _cause(row, kind),
        entity,
        key,
        amount,
        currency,
        row["failed_since"],
        row["run_key"],
        row["trace_id"],
        row["company"],
        row["project_key"],
        row["customer_key"],
        {name: str(value) for name, value in seen.items() if value is not None},
        row["period"],
        reporting,
    )


def _cause(row: Row, kind: str) -> Cause:
    at, said = f" at {row['step']}" if row["step"] else "", row["template"] or row["error_code"]
    unheard = " Not all of its traces come, so a later success may have passed unheard." if row["sampled"] else ""
    first = f"Follow {row['runbook']} and run" if row["runbook"] else "Mend what the error names, then run"
    return Cause(
        "foreign-failed",
        f"{row['flow']} fails{at}{f': {said[:_SHOWN]}' if said else ''}",
        f"{row['system']} runs this flow and says that it failed. Nothing of it is repeated here.{unheard}",
        f"{first} it again in {row['system']}; the case closes once a later run about the same is done.",
        row["owner"] or "integration",
        kind,
        "medium",
        flow=row["flow"],
        system=row["system"],
    )


def _subject(row: Row) -> tuple[str, str]:
    """What it was about, as the business key says it; a run that tells none stands for itself."""
    if row["known"]:
        return ("time_entry" if row["kind"] == "time" else row["kind"]), row["item_key"]
    entity, parted, key = (row["business_key"] or "").partition(":")
    if parted and key:
        return entity, key
    return "foreign_run", row["business_key"] or row["run_key"]


def _money(row: Row) -> tuple[Decimal | None, str | None, Decimal | None]:
    """What systems hold of it comes before what the engine says."""
    if row["known"]:
        amount = at_stake(row["bill_amount"], row["billable"])
        return (amount, row["bill_currency"], row["bill_reporting"]) if amount is not None else (None, None, None)
    amount = at_stake(row["amount"]) if row["currency"] else None
    return amount, row["currency"] if amount is not None else None, None


def late(row: Row) -> Finding:
    """A flow of which a run does not end."""
    allowed = row["allowed_s"] / 3600
    cause = Cause(
        "lag-breach",
        f"{row['flow']} is late",
        f"A run of it may take {allowed:g} h; the oldest has run for longer, and nothing of its end was heard.",
        f"See in {row['system']} whether it still runs, waits or was lost; then end it there or run it again.",
        row["owner"] or "integration",
        "none",
        "medium",
        flow=row["flow"],
        system=row["system"],
        root=True,
    )
    return Finding(
        fingerprint("lag-breach", row["flow"], row["system"], row["instance"]),
        cause,
        "flow",
        row["flow"],
        since=row["running_since"],
        run_id=row["running_key"],
        trace_id=row["running_trace"],
        evidence={"oldest_days": int(row["age_s"] // 86_400), "runs_scale": len(str(row["running"]))},
    )


DETECTOR = Detector(
    "foreign_run",
    "What flows that others run failed at, and those that do not end",
    ("C9", "X7", "X8"),
    __file__,
    {"failed": failed, "late": late},
)

_FLOW = {"flow": "n8n/Invoices", "system": "n8n", "instance": ""}
_TERMS = {
    **_FLOW,
    "owner": "finance-operations",
    "allowed_s": 3600.0,
    "runbook": "https://wiki.example/invoices",
    "sampled": False,
    "running": 0,
}
_RUN = {
    **_FLOW,
    "run_key": "n8n n8n  17",
    "run_id": "17",
    "trace_id": "trace-1",
    "step": "Post",
    "business_key": "time_entry:TE-kantata-1",
    "item_key": "TE-kantata-1",
    "error_message": "Request failed with status code 422: TE-kantata-1",
    "template": "422 Request failed with status code *",
    "failures": 1,
    "failed_since": "2026-09-30 11:00:00+00",
    "failed_at": "2026-09-30 11:00:00+00",
}
_CASE = "foreign-failed|n8n/Invoices|n8n|-|Post|422 Request failed with status code *"
_WORK = {
    "item_key": "TE-kantata-1",
    "kind": "time",
    "billable": True,
    "bill_amount": "960.00",
    "currency": "EUR",
    "state": "blocked",
    "blocker": "in-flight",
    "legal_entity": "NOV-DE",
}

EXAMPLES = (
    Example(
        "failed for work that a system holds: the money is the work's, the case one for all of this error",
        {
            "mart_foreign_failure": [
                {**_RUN, "amount": "1.00", "currency": "USD"},
                {**_RUN, "run_key": "n8n n8n  18", "business_key": "time_entry:TE-2", "item_key": "TE-2"},
            ],
            "mart_foreign_flow": [_TERMS],
            "mart_work": [_WORK, {**_WORK, "item_key": "TE-2", "bill_amount": "40.00"}],
        },
        [(_CASE, "TE-kantata-1", "960.00"), (_CASE, "TE-2", "40.00")],
    ),
    Example(
        "another detector tells why this work is stuck, and its money",
        {
            "mart_foreign_failure": [_RUN],
            "mart_foreign_flow": [_TERMS],
            "mart_work": [{**_WORK, "blocker": "project-missing"}],
        },
        [(_CASE, "TE-kantata-1", None)],
    ),
    Example(
        "failed for what nobody else knows: what it carried is its own word, and a case of its own",
        {
            "mart_foreign_failure": [
                {**_RUN, "business_key": "order:SO-7", "item_key": "SO-7", "amount": "12.50"} | {"currency": "USD"}
            ],
            "mart_foreign_flow": [_TERMS],
        },
        [(f"{_CASE}|stated", "SO-7", "12.50")],
    ),
    Example(
        "two engines that fail alike are two cases, and a run that tells no key is its own subject",
        {
            "mart_foreign_failure": [
                {**_RUN, "business_key": None, "item_key": None, "instance": instance, "run_key": instance}
                for instance in ("de", "us")
            ],
        },
        [(_CASE.replace("|-|", f"|{one}|"), one, None) for one in ("de", "us")],
    ),
    Example(
        "an amount without a currency is no money",
        {"mart_foreign_failure": [{**_RUN, "amount": "12.50"}], "mart_foreign_flow": [_TERMS]},
        [(_CASE, "TE-kantata-1", None)],
    ),
    Example(
        "a run that has not ended for longer than its flow may take",
        {"mart_foreign_flow": [{**_TERMS, "running": 1, "running_since": "2026-09-30 10:00:00+00"}]},
        [("lag-breach|n8n/Invoices|n8n|-", "n8n/Invoices", None)],
    ),
    Example(
        "nothing failed; one run is young, and of the other only part of its traces comes",
        {
            "mart_foreign_flow": [
                {**_TERMS, "running": 1, "running_since": "2026-09-30 11:30:00+00"},
                {**_TERMS, "instance": "us", "sampled": True, "running": 1, "running_since": "2026-09-29 10:00:00+00"},
            ]
        },
    ),
)
