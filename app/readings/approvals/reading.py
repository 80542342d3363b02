"""What waits for a second person, within a viewer's scope, and who may decide it (E4, X9, X12, G1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from app.readings import masking
from app.readings.approvals.question import ApprovalQuestion
from app.readings.approvals.rows import Asked, Corrected
from app.readings.clear import opened
from app.readings.domains import of_flows
from app.readings.masking import MASKED, Amount
from app.readings.page import Page
from app.readings.payload import masked_body
from app.readings.replays.stake import carried, hidden
from app.readings.rights import Action, amount_class
from app.readings.scope import may_see
from app.readings.stores import Stores
from app.readings.viewer import Things, Viewer
from models.canonical.classification import DataClass
from models.domain.approval import subject_of
from models.domain.plan import plan_of
from models.journal.requests import Approval

DECIDES = {
    "replay": Action.APPROVE_REPLAY,
    "write_off": Action.APPROVE_WRITE_OFF,
    "write_off_reversal": Action.APPROVE_WRITE_OFF,
}
SECRET = frozenset({DataClass.LABOUR_RATE, DataClass.CONTRACT_VALUE})
EXAMPLES, LOOKED_AT = 3, 50
"""Values of a field that are shown as they are now, and the runs that are asked for them."""
_ABOUT = ("item_key", "entity", "project_key", "legal_entity", "period", "source", "target")


def listed(stores: Stores, viewer: Viewer, question: ApprovalQuestion) -> tuple[Asked, ...]:
    """A page of what waits, the oldest first; or of what was decided, or of the write-offs that stand, the newest
    first.
    """
    part = Page(question.limit, question.page)
    found = stores.journal.requests.listed(question.which, viewer.entities, part.size, part.offset)
    return _rows(stores, viewer, found)


def counted(stores: Stores, viewer: Viewer, question: ApprovalQuestion) -> int:
    """How long that list is within this viewer's scope."""
    return stores.journal.requests.count(question.which, viewer.entities)


def waiting(stores: Stores, viewer: Viewer) -> int:
    """How much waits within this viewer's scope."""
    return stores.journal.requests.count("waiting", viewer.entities)


def decidable(stores: Stores, viewer: Viewer) -> int:
    """How much of it this viewer may decide."""
    kinds = [kind for kind, action in DECIDES.items() if viewer.may_somewhere(action)]
    mine, requests = subject_of(viewer.actor, viewer.subject), stores.journal.requests
    whole = requests.count("waiting", viewer.entities, kinds, mine)
    if not viewer.bounded or not whole:
        return whole
    waits = requests.listed("waiting", viewer.entities, requests.count("waiting", viewer.entities))
    return sum(one.asked_as != mine and not viewer.why_not(DECIDES[one.kind], _of(stores, one)) for one in waits)


def one(stores: Stores, viewer: Viewer, request_id: str) -> Asked | None:
    """One request, or None where it is not there or out of scope."""
    found = stores.journal.requests.approval(request_id)
    return next(iter(_rows(stores, viewer, [found] if found else [])), None)


def why_not(viewer: Viewer, kind: str, mine: bool, of: Things) -> str | None:
    """Why this viewer cannot decide a request about these things, in a sentence; None where they can."""
    return "You asked for this: it waits for somebody else." if mine else viewer.why_not(DECIDES[kind], of)


def _of(stores: Stores, asked: Approval) -> Things:
    """What a request is about, by the domain of its flows."""
    content = asked.content
    if asked.kind != "replay":
        return {str(content["item_key"]): stores.catalogue.domain_of(content.get("flow"))}
    return of_flows(stores, content["flows"])


def _rows(stores: Stores, viewer: Viewer, found: Iterable[Approval]) -> tuple[Asked, ...]:
    return tuple(_row(stores, viewer, asked) for asked in found if _seen(viewer, asked))


def _seen(viewer: Viewer, asked: Approval) -> bool:
    """Whether all that it is about is within the viewer's scope: nobody agrees to what they may not see."""
    content = asked.content
    firms = content["legal_entities"] if asked.kind == "replay" else [content.get("legal_entity")]
    return all(may_see(viewer, firm or None) for firm in firms)


def _row(stores: Stores, viewer: Viewer, asked: Approval) -> Asked:
    content, mine = asked.content, asked.is_of(viewer.actor, viewer.subject)
    replay, of = asked.kind == "replay", _of(stores, asked)
    clear = viewer.clear_in(*of.values())
    return Asked(
        asked.request_id,
        asked.kind,
        asked.state,
        _what(asked),
        _plan_money(stores, asked, clear) if replay else _money(content, clear),
        asked.because,
        asked.reason,
        asked.asked_by,
        asked.asked_at,
        asked.expires_at,
        asked.decision,
        asked.decided_by,
        asked.decided_at,
        asked.words,
        asked.hash,
        content.get("plan_hash"),
        asked.case_id,
        _plan(content) if replay else {name: content.get(name) for name in _ABOUT},
        _corrected(stores, clear, asked) if replay else (),
        mine,
        why_not(viewer, asked.kind, mine, of),
        asked.kind == "write_off" and stores.journal.requests.stands(asked.request_id),
        of,
    )


def _what(asked: Approval) -> str:
    content = asked.content
    if asked.kind == "replay":
        return f"replay {content['runs']} runs" if content["runs"] != 1 else "replay 1 run"
    verb = "write off" if asked.kind == "write_off" else "take back the write-off of"
    return f"{verb} {content['item_key']}"


def _plan(content: Mapping[str, Any]) -> dict[str, Any]:
    flows = ", ".join(f"{flow} ({count})" for flow, count in content["flows"].items())
    start = "the start" if content["from"] == "start" else "the failed step"
    periods = content["periods"]
    months = f"{periods[0]} to {periods[-1]}" if len(periods) > 1 else "".join(periods)
    firms = ", ".join(firm for firm in content["legal_entities"] if firm)
    return {"runs": content["runs"], "flows": flows, "begins at": start, "months": months, "legal entities": firms}


def _plan_money(stores: Stores, asked: Approval, clear: frozenset[DataClass]) -> dict[str, Amount]:
    """Sums over several things are open to all; one that tells what a single thing is worth, or what a correction makes
    of a value that is masked, is not.
    """
    totals = {name: Decimal(amount) for name, amount in asked.content["totals"].items()}
    if clear >= SECRET:
        return {**totals}
    correction, request = asked.content["correction"] or {}, stores.journal.requests.get(asked.request_id)
    told = any(masked_body({path: value}, clear) != {path: value} for path, value in correction.items())
    runs = stores.journal.runs.replayable(plan_of(request.body).everything) if request else []
    lone = frozenset(totals) if told or not runs else hidden((), carried(runs), clear)
    return {name: MASKED if name in lone else amount for name, amount in totals.items()}


def _money(content: Mapping[str, Any], clear: frozenset[DataClass]) -> dict[str, Amount]:
    amount = opened(Decimal(content["amount"]), amount_class(content["entity"]), clear, MASKED)
    return {content["currency"]: amount}


def _corrected(stores: Stores, clear: frozenset[DataClass], asked: Approval) -> tuple[Corrected, ...]:
    """Each corrected field, with what the first runs say of it."""
    correction = asked.content["correction"] or {}
    request = stores.journal.requests.get(asked.request_id) if correction else None
    ids = list((request.body.get("run_ids") or ())[:LOOKED_AT]) if request else []
    payloads = [run.payload for run in stores.journal.runs.by_ids(ids)] if ids else []
    return tuple(
        Corrected(
            path,
            tuple(dict.fromkeys(str(_shown(path, _at(body, path), clear)) for body in payloads))[:EXAMPLES],
            _shown(path, value, clear),
        )
        for path, value in correction.items()
    )


def _shown(path: str, content: Any, clear: frozenset[DataClass]) -> Any:
    """What this viewer reads there, in whatever it is nested."""
    return masked_body(masking.value(path, content, clear), clear, path)


def _at(payload: Any, path: str) -> Any:
    """What stands at a dotted path; None where nothing does."""
    for part in path.split("."):
        if isinstance(payload, Mapping):
            payload = payload.get(part)
        elif isinstance(payload, list) and part.isdigit() and int(part) < len(payload):
            payload = payload[int(part)]
        else:
            return None
    return payload
