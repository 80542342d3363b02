"""What is stuck, why, what is it worth, and what mends it? Turns cases into tables and sentences; knows no Streamlit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.console.widgets import formats
from app.console.widgets.markup import Html, Metric, chip, joined, link, safe, span
from app.readings import masking
from app.readings.clear import PUBLIC
from app.readings.rights import amount_class
from app.readings.viewer import Viewer
from models.canonical.classification import MASK, DataClass
from models.domain.case import ACTIVE, cause_title
from models.domain.team import Teams, team
from models.journal.cases import CaseFilter, CaseGroup

Row = Mapping[str, Any]
MASKED: frozenset[DataClass] = frozenset()
EXPORTED = (
    "case_id",
    "title",
    "cause",
    "severity",
    "status",
    "owner",
    "assignee",
    "detector",
    "flow",
    "system",
    "legal_entity",
    "subject_key",
    "project_key",
    "customer_key",
    "occurrences",
    "money_kind",
    "amount_reporting",
    "first_seen",
    "last_seen",
    "sla_due",
    "resolved_at",
    "explanation",
    "next_action",
)
"""Columns of a case in a file: what the list shows, without its parts in the journal, suggestions and run ids."""
STATUS = {
    "To do": None,
    "Open": ("open",),
    "Acknowledged": ("acknowledged",),
    "Snoozed": ("snoozed",),
    "Ignored": ("ignored",),
    "Resolved": ("resolved",),
}
ORDERS = {
    "Most money": "money",
    "Most severe": "severity",
    "Oldest": "age",
    "Newest": "newest",
    "Due first": "due",
    "Most failures": "occurrences",
}
ASKED = ("status", "severity", "flow", "cause", "system", "owner", "entity", "mine", "find", "overdue")
"""Names of the filters, in the widgets and in the address."""
SEVERITY_MOODS = {"critical": "bad", "high": "warn", "medium": "info", "low": ""}
STATUS_MOODS = {"open": "bad", "acknowledged": "info", "snoozed": "", "ignored": "", "resolved": "good"}
MONEY_KINDS = {
    "billing_blocked": "billing blocked",
    "revenue_at_risk": "revenue at risk",
    "cost_misposted": "cost misposted",
    "none": "no money at stake",
}


def chosen(viewer: Viewer, state: Mapping[str, Any]) -> CaseFilter:
    """The filter that the page's widgets say, never wider than the viewer's legal entities."""
    entities = tuple(state.get("entity") or ())
    scoped = tuple(one for one in entities if not viewer.entities or one in viewer.entities) or viewer.entities
    if viewer.entities and entities and not set(entities) & set(viewer.entities):
        scoped = viewer.entities
    return CaseFilter(
        status=STATUS.get(str(state.get("status") or "To do")),
        severities=tuple(state.get("severity") or ()),
        flows=tuple(state.get("flow") or ()),
        causes=tuple(state.get("cause") or ()),
        systems=tuple(state.get("system") or ()),
        owners=tuple(state.get("owner") or ()),
        assignees=(viewer.name,) if state.get("mine") else (),
        legal_entities=scoped,
        text=(state.get("find") or "").strip() or None,
        overdue=bool(state.get("overdue")),
    )


def titles(asked: Sequence[str], known: Sequence[str]) -> list[str]:
    """Causes as the filter shows them, each title once; what is no code of `known` stays, since it is a title already."""
    return list(dict.fromkeys(cause_title(one) if one in known else one for one in asked))


def causes(chosen: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """The causes behind the chosen titles; one that nobody knows stands for itself, so that it finds nothing and not
    everything.
    """
    return tuple(one for one in known if one in chosen or cause_title(one) in chosen) or tuple(chosen)


def verdict(groups: Sequence[CaseGroup], currency: str) -> tuple[str, str]:
    """`2,140 failures are 7 causes; €128k is held.`"""
    if not groups:
        return "good", "Nothing is stuck."
    failures, money = (
        sum(group.occurrences for group in groups),
        sum((group.amount_reporting for group in groups), Decimal(0)),
    )
    grave = any(group.severity == "critical" for group in groups)
    causes = f"{formats.plural(failures, 'failure')} {'has' if failures == 1 else 'have'} {formats.plural(len(groups), 'cause')}"
    held = f"; {formats.money_short(money, currency)} is at stake" if money else ""
    return ("bad" if grave else "warn"), f"{causes}{held}."


def cause_rows(groups: Sequence[CaseGroup], now: datetime, currency: str) -> list[dict[str, Any]]:
    """The causes, most money first; `share` is per cent of all the money at stake."""
    whole = sum((group.amount_reporting for group in groups), Decimal(0)) or Decimal(1)
    return [
        {
            "cause": group.title,
            "failures": formats.count(group.occurrences),
            "cases": formats.count(group.cases),
            "money": formats.money(group.amount_reporting, currency),
            "share": float(100 * group.amount_reporting / whole),
            "severity": [group.severity],
            "oldest": formats.age((now - group.oldest).total_seconds()),
            "newest": formats.since(group.newest, now),
            "act": "Replay group",
        }
        for group in groups
    ]


def case_rows(cases: Sequence[Row], now: datetime, currency: str, teams: Teams) -> list[dict[str, Any]]:
    """A page of cases as the list shows them."""
    return [
        {
            "title": case["title"],
            "about": subject(case),
            "severity": [case["severity"]],
            "status": [case["status"]],
            "money": formats.money(case["amount_reporting"], currency),
            "failures": formats.count(case["occurrences"]),
            "age": formats.age((now - case["first_seen"]).total_seconds()),
            "due": due(case, now),
            "system": case["system"] or "",
            "flow": case["flow"] or "",
            "entity": case["legal_entity"] or "",
            "owner": team(case["owner"], teams),
            "assignee": case["assignee"] or "",
        }
        for case in cases
    ]


def exported(cases: Sequence[Row], currency: str, teams: Teams) -> list[dict[str, Any]]:
    """Cases for a file. Their money is a sum over records and open to everybody."""
    return [
        {name: case[name] for name in EXPORTED} | {"owner": team(case["owner"], teams), "reporting_currency": currency}
        for case in cases
    ]


def subject(case: Row) -> str:
    """What the case is about, shortly."""
    return str(case["subject_key"] or case["project_key"] or "").partition(":")[2] or str(case["subject_key"] or "")


def due(case: Row, now: datetime) -> str:
    """How long until, or since, somebody must have acted."""
    if case["status"] not in ACTIVE:
        return formats.NONE
    left = (case["sla_due"] - now).total_seconds()
    return f"{formats.age(left)} left" if left >= 0 else f"{formats.age(-left)} over"


def heading(case: Row) -> Html:
    """Severity, status, cause and id of a case, as chips."""
    return joined(
        [
            chip(case["severity"], SEVERITY_MOODS.get(case["severity"], "")),
            chip(case["status"], STATUS_MOODS.get(case["status"], "")),
            chip(cause_title(case["cause"])),
            span(case["case_id"], "t-mono", "t-mute"),
        ]
    )


def advice(case: Row) -> Html:
    """What it means, and what to do next."""
    told = f'<div class="k">Next best action</div><div class="v">{safe(case["next_action"])}</div>'
    return Html(
        f'<div style="padding:.1rem 0 .6rem">{safe(case["explanation"])}</div><div class="t-advice">{told}</div>'
    )


def resolution(case: Row, events: Sequence[Row], zone: str | None = None) -> Html:
    """What a closed case was, what resolved it and when, from its history, the newest event first."""
    ended = next((at for at, event in enumerate(events) if event["action"] == "resolved"), None)
    at = events[ended]["at"] if ended is not None else case["resolved_at"]
    told = (
        f"Nothing of it is found any more since {formats.moment(at, zone)}. {_mended(events[(ended or 0) + 1 :], zone)}"
    )
    return Html(
        f'<div style="padding:.1rem 0 .6rem">{safe(case["explanation"])}</div><div class="t-advice"><div class="k">What resolved it</div><div class="v">{safe(told)}</div></div>'
    )


def _mended(before: Sequence[Row], zone: str | None) -> str:
    """What people did since detectors last opened the case; a replay names who asked for it."""
    since = next(
        (
            at
            for at, event in enumerate(before)
            if event["action"] == "opened" or "occurrences" in (event["body"] or {})
        ),
        len(before),
    )
    replayed = next((event for event in before[:since] if event["action"] == "replay_requested"), None)
    if replayed is None:
        return "No replay was asked for from this case: it was mended in the owning system, or by a replay of a wider selection."
    why = f": “{replayed['body']['reason']}”" if (replayed["body"] or {}).get("reason") else ""
    return f"{replayed['actor']} replayed it at {formats.moment(replayed['at'], zone)}{why}."


def figures(case: Row, now: datetime, currency: str, teams: Teams) -> list[Metric]:
    """Money, failures, age, service level, who."""
    whole = formats.money(case["amount_reporting"], currency)
    amounts = ", ".join(formats.money(amount, one) for one, amount in (case["amounts"] or {}).items())
    over, closed = case["sla_due"] < now and case["status"] in ACTIVE, case["status"] == "resolved"
    kind = "nothing any more" if closed else MONEY_KINDS.get(case["money_kind"], "")
    return [
        Metric(
            "At stake",
            whole,
            kind if amounts in ("", whole) else amounts,
            kind,
            "warn" if case["amount_reporting"] else "",
        ),
        Metric(
            "Failures",
            formats.count(case["occurrences"]),
            "none is left" if closed else "still found",
            "Records that the detector still finds",
        ),
        Metric(
            "Age",
            formats.age((now - case["first_seen"]).total_seconds()),
            f"last seen {formats.since(case['last_seen'], now)}",
            "Since the oldest trouble in it began",
        ),
        Metric(
            "Service level",
            due(case, now),
            "to be acted on" if case["status"] in ACTIVE else f"{case['status']}: no clock runs",
            "By severity; half as long where project set-up is at stake",
            "bad" if over else "",
        ),
        Metric(
            "Owner",
            team(case["owner"], teams),
            case["system"] or case["flow"] or "",
            "The team whose system must mend it",
        ),
        Metric(
            "Worked on by",
            case["assignee"] or "nobody",
            formats.words(case["status"]),
            "Assign it to yourself so that others know",
        ),
    ]


def facts(case: Row, now: datetime) -> dict[str, object]:
    def journey(key: str | None) -> object:
        return link(key, "/journey", q=key) if key else None

    return {
        "About": link(
            case["subject_key"], "/journey", q=str(case["subject_key"]).partition(":")[2] or case["subject_key"]
        )
        if case["subject_key"]
        else None,
        "Project": journey(case["project_key"]),
        "Customer": journey(case["customer_key"]),
        "System": case["system"],
        "Flow": case["flow"],
        "Legal entity": case["legal_entity"],
        "Found by": formats.words(case["detector"]),
        "First seen": formats.since(case["first_seen"], now),
        "Snoozed": formats.since(case["snoozed_until"], now) if case["status"] == "snoozed" else None,
    }


def finding_rows(findings: Sequence[Row], now: datetime, clear: frozenset[DataClass]) -> list[dict[str, object]]:
    """Records concerned, with the evidence in a line each."""
    return [
        {
            "subject": link(
                str(row["subject_key"]).partition(":")[2] or row["subject_key"], "/journey", q=row["subject_key"]
            ),
            "evidence": evidence(row["evidence"], MASKED),
            "amount": _amount(row, clear),
            "age": formats.age((now - row["first_seen"]).total_seconds()),
            "run": link(str(row["run_id"])[:8], "/journey", q=row["run_id"]) if row["run_id"] else formats.NONE,
        }
        for row in findings
    ]


def _amount(row: Row, clear: frozenset[DataClass]) -> str:
    """What hangs on one record: shown where its class is, for with its hours it tells a rate; the case's sum is open to
    all.
    """
    if row["amount"] is None:
        return formats.NONE
    return (
        formats.money(row["amount"], row["currency"] or "")
        if amount_class(row["subject_entity"]) in clear | PUBLIC
        else MASK
    )


def evidence(found: Any, clear: frozenset[DataClass]) -> Html:
    """Evidence as `name value` pairs, sensitive values masked."""
    body = json.loads(found) if isinstance(found, str) else found or {}
    pairs = [
        (name, masking.value(name, _plain(value), clear))
        for name, value in body.items()
        if value not in (None, "", [], {})
    ]
    return joined([joined([span(formats.words(name).lower(), "t-mute"), value]) for name, value in pairs], " · ")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return " ".join(str(part) for part in value.values())
    return ", ".join(str(part) for part in value) if isinstance(value, list) else value


def history_rows(events: Sequence[Row], now: datetime) -> list[dict[str, object]]:
    return [
        {"when": formats.since(row["at"], now), "who": span(row["actor"], "t-b"), "what": _happened(row)}
        for row in events
    ]


def _happened(row: Row) -> Html:
    body = row["body"] or {}
    said = body.get("text") or body.get("reason") or body.get("because")
    extra = (
        f"to {body['assignee']}"
        if body.get("assignee")
        else f"until {str(body['until'])[:16].replace('T', ' ')}"
        if body.get("until")
        else ""
    )
    return joined([formats.words(row["action"]).lower(), extra, span(f"“{said}”", "t-mute") if said else ""])


def suggested(case: Row) -> dict[str, Any]:
    """The correction that a case suggests: dotted path -> value."""
    return {path: value for path, value in (case["suggestion"] or {}).items() if path != "roots"}


def roots(cases: Sequence[Row]) -> list[str]:
    """Runs to replay before all others of these cases: what set up the things that the others miss."""
    return list(dict.fromkeys(run for case in cases for run in (case["suggestion"] or {}).get("roots") or ()))
