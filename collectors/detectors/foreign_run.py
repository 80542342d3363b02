"""Flows that others run: what they failed at until a later run mends it, and runs that do not end (C9, X7, X8)."""

from __future__ import annotations

from datetime import UTC
from decimal import Decimal
from urllib.parse import quote

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
        "sent": _sent(row),
        "run": row["run_id"],
        "page": _page(row),
        "key": row["business_key"],
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
    here = row["replay_s"] is not None
    first = f"Follow {row['runbook']}" if row["runbook"] else "Mend what the error names"
    then = "replay it here: its endpoint runs it again" if here else f"run it again in {row['system']}"
    repeated = "Its endpoint runs it again when a replay is asked for" if here else "Nothing of it is repeated"
    return Cause(
        "foreign-failed",
        f"{row['flow']} fails{at}{f': {said[:_SHOWN]}' if said else ''}",
        f"{row['system']} runs this flow and says that it failed. {repeated} here.{unheard}",
        f"{first}, then {then}; the case closes once a later run about the same is done.",
        row["owner"] or "integration",
        kind,
        "medium",
        flow=row["flow"],
        system=row["system"],
    )


def _sent(row: Row) -> str | None:
    """What became of its replay by the endpoint of its flow, as far as anybody knows."""
    if row["sent_state"] is None:
        return None
    at = f"{row['sent_at'].astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if row["sent_state"] == "dead":
        return f"refused at {at}: {row['sent_error']}"
    if row["sent_state"] != "settled":
        return f"on its way since {at}{': ' + row['sent_error'] if row['sent_error'] else ''}"
    if row["sent_late"]:
        return f"accepted at {at}, and no success was heard of within {row['replay_s'] / 60:g} min"
    return f"accepted at {at}, waits for a success since"


def _page(row: Row) -> str | None:
    """Where its engine shows the run, if its rule says so and it tells what stands there."""
    told = {"run": row["run_id"], "flow": row["flow"].partition("/")[2], "trace": row["trace_id"]}
    page: str = row["page"] or ""
    for name, value in told.items():
        if f"{{{name}}}" in page:
            if not value:
                return None
            page = page.replace(f"{{{name}}}", quote(value, safe=""))
    return page or None


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
    "page": "https://n8n.example/executions/{run}",
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
_SENT = {"run_key": "n8n n8n  17", "run_id": "sent-1"}
_CASE = "foreign-failed|n8n/Invoices|n8n|-|Post|422 Request failed with status code *"
_WORK = {
    "item_key": "TE-kantata-1",
    "kind": "time",
    "billable": True,
    "bill_amount": "960.00",
    "currency": "EUR",
    "state": "moving",
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
        "sent to its endpoint, which accepted it: it stands until a later run is done",
        {
            "mart_foreign_failure": [_RUN],
            "mart_foreign_flow": [{**_TERMS, "replay_s": 3600.0}],
            "mart_foreign_sent": [{**_SENT, "state": "settled", "moved_at": "2026-09-30 11:30:00+00"}],
        },
        [(_CASE, "TE-kantata-1", None)],
        {
            "sent": "accepted at 2026-09-30 11:30 UTC, waits for a success since",
            "page": "https://n8n.example/executions/17",
        },
    ),
    Example(
        "sent, and for longer than its flow may take no success was heard of",
        {
            "mart_foreign_failure": [_RUN],
            "mart_foreign_flow": [{**_TERMS, "replay_s": 1200.0}],
            "mart_foreign_sent": [{**_SENT, "state": "settled", "moved_at": "2026-09-30 11:30:00+00"}],
        },
        [(_CASE, "TE-kantata-1", None)],
        {"sent": "accepted at 2026-09-30 11:30 UTC, and no success was heard of within 20 min"},
    ),
    Example(
        "its endpoint refuses it, in its own words",
        {
            "mart_foreign_failure": [_RUN],
            "mart_foreign_flow": [{**_TERMS, "replay_s": 3600.0}],
            "mart_foreign_sent": [
                {**_SENT, "state": "dead", "error_message": "gone", "moved_at": "2026-09-30 11:30:00+00"}
            ],
        },
        [(_CASE, "TE-kantata-1", None)],
        {"sent": "refused at 2026-09-30 11:30 UTC: gone"},
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
