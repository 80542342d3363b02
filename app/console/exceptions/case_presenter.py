"""One case in words: what it is, what to do, what it is worth, what happened; knows no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.console.exceptions.presenter import due
from app.console.widgets import formats
from app.console.widgets.markup import Html, Metric, chip, joined, link, outside, safe, span
from app.readings.cases.rows import Case, CaseEvent, CaseFinding, CasePeriod
from models.domain.case import ACTIVE, cause_title
from models.domain.explanations import MONEY_KINDS
from models.domain.team import Teams, team

SEVERITY_MOODS = {"critical": "bad", "high": "warn", "medium": "info", "low": ""}
REPLAYED = ("replay_requested", "replay_approved")
"""What a case's history calls a replay that began at once, and one that a second person let begin."""
STATUS_MOODS = {"open": "bad", "acknowledged": "info", "snoozed": "", "ignored": "", "resolved": "good"}


def heading(case: Case) -> Html:
    """Severity, status, cause and id of a case, as chips."""
    return joined(
        [
            chip(case.severity, SEVERITY_MOODS.get(case.severity, "")),
            chip(case.status, STATUS_MOODS.get(case.status, "")),
            chip(cause_title(case.cause)),
            span(case.case_id, "t-mono", "t-mute"),
        ]
    )


def advice(case: Case) -> Html:
    """What it means, and what to do next."""
    return _advice(case, "Next best action", case.next_action)


def resolution(case: Case, events: Sequence[CaseEvent], zone: str | None = None) -> Html:
    """What a closed case was, what resolved it and when, from its history, the newest event first."""
    ended = next((at for at, event in enumerate(events) if event.action == "resolved"), None)
    at = events[ended].at if ended is not None else case.resolved_at
    mended = _mended(events[(ended or 0) + 1 :], zone)
    gone = f"Nothing of it is found any more since {formats.moment(at, zone)}. {mended}"
    return _advice(case, "What resolved it", gone)


def _advice(case: Case, title: str, text: str) -> Html:
    body = f'<div class="k">{safe(title)}</div><div class="v">{safe(text)}</div>'
    return Html(f'<div style="padding:.1rem 0 .6rem">{safe(case.explanation)}</div><div class="t-advice">{body}</div>')


def _mended(before: Sequence[CaseEvent], zone: str | None) -> str:
    """What people did since detectors last opened the case; a replay names who asked for it."""
    opened = (at for at, event in enumerate(before) if event.action == "opened" or "occurrences" in event.body)
    since = next(opened, len(before))
    replayed = next((event for event in before[:since] if event.action in REPLAYED), None)
    if replayed is None:
        return (
            "No replay was asked for from this case: "
            "it was mended in the owning system, or by a replay of a wider selection."
        )
    why = f": “{replayed.body['reason']}”" if replayed.body.get("reason") else ""
    who = replayed.body.get("asked_by") or replayed.actor
    return f"{who} replayed it at {formats.moment(replayed.at, zone)}{why}."


def figures(case: Case, now: datetime, currency: str, teams: Teams) -> list[Metric]:
    """Money, records, age, service level, who."""
    active, closed = case.status in ACTIVE, case.status == "resolved"
    return [
        _money(case, currency),
        Metric(
            "Records",
            formats.count(case.occurrences),
            "none is left" if closed else "are stuck",
            "Records that the detectors still find; what is to be mended is none of them",
        ),
        Metric(
            "Age",
            formats.age((now - case.first_seen).total_seconds()),
            f"last seen {formats.since(case.last_seen, now)}",
            "Since the oldest trouble in it began",
        ),
        Metric(
            "Service level",
            due(case, now),
            "to be acted on" if active else f"{case.status}: no clock runs",
            "By severity; half as long where project set-up is at stake",
            "bad" if active and case.sla_due < now else "",
        ),
        Metric("Owner", team(case.owner, teams), case.system or case.flow or "", "The team whose system must mend it"),
        Metric(
            "Worked on by",
            case.assignee or "nobody",
            formats.words(case.status),
            "Assign it to yourself so that others know",
        ),
    ]


def _money(case: Case, currency: str) -> Metric:
    closed = case.status == "resolved"
    held, each = (case.worth_reporting, case.worth) if closed else (case.amount_reporting, case.amounts)
    whole = formats.money(held, currency)
    amounts = ", ".join(formats.money(amount, one) for one, amount in each.items())
    kind = MONEY_KINDS.get(case.money_kind, "")
    note = kind if amounts in ("", whole) else amounts
    return Metric("Recovered" if closed else "At stake", whole, note, kind, "" if closed or not held else "warn")


def period_rows(periods: Sequence[CasePeriod]) -> list[dict[str, object]]:
    """What each month has in a case; nothing where it is about one month or none."""
    if len({row.period for row in periods}) < 2:
        return []
    return [
        {
            "period": row.period or "no month",
            "records": formats.count(row.occurrences),
            "kind": MONEY_KINDS.get(row.money_kind, row.money_kind),
            "amount": formats.money(row.amount, row.currency or ""),
        }
        for row in periods
        if row.period or row.amount is not None  # the thing to mend belongs to no month and is no record
    ]


def facts(case: Case, now: datetime, domain: str | None = None) -> dict[str, object]:
    return {
        "About": _journey(case.subject_key, _bare(case.subject_key)),
        "Project": _journey(case.project_key, case.project_key),
        "Customer": _journey(case.customer_key, case.customer_key),
        "System": case.system,
        "Flow": case.flow,
        "Domain": domain or "none: nobody said who answers for it",
        "Legal entity": case.legal_entity or "none: nobody said whose it is",
        "Month": case.period,
        "Part of": link(case.split_from, "/exceptions", case=case.split_from) if case.split_from else None,
        "Found by": formats.words(case.detector),
        "First seen": formats.since(case.first_sight or case.first_seen, now),
        "Back since": formats.since(case.first_seen, now) if _came_back(case) else None,
        "Snoozed": formats.since(case.snoozed_until, now) if case.status == "snoozed" else None,
    }


def _came_back(case: Case) -> bool:
    """Whether it was over once, and is as old as the trouble that opened it again."""
    return case.first_sight is not None and case.first_sight < case.first_seen


def _journey(text: str | None, key: str | None) -> Html | None:
    return link(text, "/journey", q=key) if text else None


def _bare(key: str) -> str:
    return key.partition(":")[2] or key


def finding_rows(findings: Iterable[CaseFinding], now: datetime) -> list[dict[str, object]]:
    """Records concerned, with the evidence in a line each."""
    return [
        {
            "subject": link(_bare(row.subject_key), "/journey", q=row.subject_key),
            "evidence": evidence(row.evidence),
            "amount": formats.money(row.amount, row.currency or ""),
            "age": formats.age((now - row.first_seen).total_seconds()),
            "run": link(formats.run_id(row.run_id), "/journey", q=row.run_id) if row.run_id else formats.NONE,
        }
        for row in findings
    ]


def evidence(found: Mapping[str, Any]) -> Html:
    """Evidence as `name value` pairs; the page of a run is where the catalogue says that its engine shows it."""
    pairs = [(name, _shown(name, value)) for name, value in found.items() if value not in (None, "", [], {})]
    return joined([joined([span(formats.words(name).lower(), "t-mute"), value]) for name, value in pairs], " · ")


def _shown(name: str, value: Any) -> Any:
    is_page = name == "page" and str(value).startswith(("https://", "http://"))
    return outside(str(value)) if is_page else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return " ".join(dict.fromkeys(str(part) for part in value.values()))
    return ", ".join(str(part) for part in value) if isinstance(value, list) else value


def history_rows(events: Iterable[CaseEvent], now: datetime) -> list[dict[str, object]]:
    return [
        {"when": formats.since(event.at, now), "who": span(event.actor, "t-b"), "what": _happened(event)}
        for event in events
    ]


def _happened(event: CaseEvent) -> Html:
    words = [event.body.get(name) for name in ("text", "words", "reason", "because")]
    said = next((text for text in words if text and isinstance(text, str)), None)
    return joined([formats.words(event.action).lower(), _to(event.body), span(f"“{said}”", "t-mute") if said else ""])


def _to(body: Mapping[str, Any]) -> str:
    """To whom, or until when."""
    if body.get("assignee"):
        return f"to {body['assignee']}"
    return f"until {str(body['until'])[:16].replace('T', ' ')}" if body.get("until") else ""
