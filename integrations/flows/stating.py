"""What is stated to the portfolio of a project's actuals and progress, and what restates what (F10, E1).

The registry keeps one fact `statement` for each project, period, company and currency:

| field | says |
|---|---|
| seen | the newest source version that was taken up: an older one that arrives later does nothing |
| revision | the one that stands in the portfolio |
| body | what it says |
| due | the revision before it, while the portfolio does not know yet that it is superseded, or None |

While a period is open its statement is brought up to date in place, and closing it makes it final. A final statement
never changes: what finance opens again or adjusts afterwards is a revision of its own, with the reason, and the one
before it stays, as superseded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.contracts import Change, Context, Need, Role
from integrations.contracts.flow import Payload
from integrations.flows.shaping import plain, shaped
from models.canonical.schemas import Actual, Progress
from models.domain.errors import Rejected
from models.domain.keys import business_key, ref_key
from models.domain.outcomes import Done, Fact, NothingToDo, WaitFor
from models.domain.statements import progress_id, revision_id, statement_of

STATEMENT, PERIOD, TOLD = "statement", "accounting_period", "progress_told"
AGAIN = timedelta(hours=1)
SAID = ("period_closed", "cost", "revenue", "billed", "hours")
"""What makes another statement necessary."""


def identified(told: Payload, ctx: Context) -> Done | WaitFor:
    """The project under its code, once the portfolio has it; of an actual, also its accounting period as learnt."""
    code = told.get("project_code") or ctx.canonical_id(told["project_ref"])
    if code is None:
        ref = told["project_ref"]
        awaited = ref_key("project", ref["system"], ref["id"])
        return WaitFor(awaited, f"the project {ref['id']} has not come yet", ["project_code"], Role.PSA)
    if Role.PPM in ctx.played() and ctx.system_id(Role.PPM, "project", code) is None:
        because = f"the portfolio does not have project {code} yet: set it up from its sale"
        return WaitFor(business_key("project", code), because, ["project"], Role.PPM)
    known = {**told, "project_code": code}
    return Done(known) if is_progress(told) else Done(known, [_period(told)])


def identified_needs(told: Payload) -> Iterable[Need]:
    if code := told.get("project_code"):
        yield Need("system", (Role.PPM, "project", code))
    elif ref := told.get("project_ref"):
        yield Need("canonical", (ref["system"], ref["kind"], ref["id"]))


def planned(told: Payload, ctx: Context) -> Done | WaitFor:
    """What is to be written; nothing where the portfolio says so already."""
    return _placed(told, ctx) if is_progress(told) else _compared(told, ctx)


def planned_needs(told: Payload) -> Iterable[Need]:
    code = told["project_code"]
    if is_progress(told):
        yield Need("known", ("project", code))
    else:
        yield Need("known", (STATEMENT, _statement(told)))


def ppm_actual(told: Payload, ctx: Context) -> Change | NothingToDo:
    """The statement that stands from now on."""
    plan = told.get("plan")
    if not plan or plan["nothing"]:
        return NothingToDo(plan["nothing"] if plan else "this is progress")
    return _change(plan["body"], ctx, "ppm-actual")


def actual_learnt(told: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    plan = told["plan"]
    stands = {"seen": plan["seen"], "revision": plan["body"]["revision"], "body": plan["body"], "due": plan["due"]}
    return [Fact(STATEMENT, plan["statement"], stands)]


def ppm_supersede(told: Payload, ctx: Context) -> Change | NothingToDo:
    """The statement before it, kept as what it was and counted no more."""
    plan = told.get("plan")
    if not plan or not plan["due"]:
        return NothingToDo("no final statement is restated")
    return _change({**plan["due"], "superseded": True}, ctx, "ppm-supersede")


def supersession_learnt(told: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    plan = told["plan"]
    stands = {"seen": plan["seen"], "revision": plan["body"]["revision"], "body": plan["body"], "due": None}
    return [Fact(STATEMENT, plan["statement"], stands)]


def ppm_progress(told: Payload, ctx: Context) -> Change | NothingToDo:
    """How far delivery says that the project is, in the period of the day on which it says so."""
    if not is_progress(told):
        return NothingToDo("these are actuals")
    if told["late"]:
        return NothingToDo("a newer progress of this project was told already")
    body = shaped(Progress, told)
    return Change("upsert", "progress", told["progress_id"], ctx.key("ppm-progress"), body)


def progress_learnt(told: Payload, ack: Mapping[str, Any]) -> Sequence[Fact]:
    return [Fact(TOLD, told["progress_id"], {"seen": told["seen"]})]


def is_progress(told: Payload) -> bool:
    """Whether delivery speaks, and not the books."""
    return "as_of" in told


def money(told: Payload) -> tuple[Any, str] | None:
    """What a statement that does not arrive leaves unsaid: its cost or its revenue, whichever is more."""
    if is_progress(told) or not told.get("cost") or not told.get("revenue"):
        return None
    return max(abs(Decimal(told[name]["amount"])) for name in ("cost", "revenue")), told["currency"]


def _compared(told: Payload, ctx: Context) -> Done:
    statement, version = _statement(told), ctx.run.source_version
    stands = ctx.known(STATEMENT, statement) or {"seen": 0, "revision": 0, "body": None, "due": None}
    before, body = stands["body"], plain(shaped(Actual, told))
    reason = _reason(before, body)
    nothing = None
    if version < stands["seen"]:
        nothing = "a newer statement of this period was taken up already"
    elif reason is None:
        nothing = "the portfolio says so already"
    restates = reason in ("period-reopened", "closed-period-adjusted")
    revision = (stands["revision"] + 1 if restates else stands["revision"]) or 1
    plan = {
        "statement": statement,
        "seen": max(version, stands["seen"]),
        "nothing": nothing,
        "body": before if nothing else {**body, "revision": revision, "reason": reason},
        "due": before if restates and not nothing else stands["due"],
    }
    return Done({**told, "plan": plan})


def _reason(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> str | None:
    """Why there is something to state; None where nothing is."""
    if before is None:
        return "first"
    same = all(_plain(before[name]) == _plain(now[name]) for name in SAID)
    if same:
        return None
    if before["period_closed"]:
        return "closed-period-adjusted" if now["period_closed"] else "period-reopened"
    return "period-closed" if now["period_closed"] else "running"


def _placed(told: Payload, ctx: Context) -> Done | WaitFor:
    """Progress in the accounting period of its day, which the books tell."""
    code, day = told["project_code"], date.fromisoformat(told["as_of"])
    project = ctx.known("project", code) or {}
    entity = told.get("legal_entity_id") or (project.get("dimensions") or {}).get("legal_entity_id")
    if entity is None:
        because = f"nobody has said which company project {code} belongs to"
        return WaitFor(business_key("project", code), because, ["legal_entity_id"], Role.CRM)
    month = f"{entity}/{day:%Y-%m}"
    first = next((first for first, last in map(_days, ctx.matches(PERIOD, month)) if first <= day <= last), None)
    if first is None:
        because = f"the books have stated nothing yet of the accounting period that holds {day}"
        return WaitFor(business_key(PERIOD, month), because, ["period"], Role.ERP, ctx.now() + AGAIN)
    named = progress_id(first.isoformat(), code)
    late = ctx.run.source_version < (ctx.known(TOLD, named) or {"seen": 0})["seen"]
    placed = {"legal_entity_id": entity, "period_starts_on": first.isoformat(), "progress_id": named}
    return Done({**told, **placed, "late": late, "seen": ctx.run.source_version})


def _change(body: Mapping[str, Any], ctx: Context, step: str) -> Change:
    actual = shaped(Actual, body)
    if actual.revision is None:
        raise Rejected("the statement has no revision: replay it from the start", code="schema-violation")
    named = revision_id(_statement(body), actual.revision)
    return Change("upsert", "actual", named, ctx.key(step), actual, {}, actual.cost.amount, actual.currency)


def _statement(body: Mapping[str, Any]) -> str:
    return statement_of(body["period_starts_on"], body["currency"], body["legal_entity_id"], body["project_code"])


def _period(told: Payload) -> Fact:
    """The accounting period of a statement, found by each month that it touches."""
    first, last = (date.fromisoformat(told[name]) for name in ("period_starts_on", "period_ends_on"))
    entity = told["legal_entity_id"]
    months = {f"{entity}/{first + timedelta(days=n):%Y-%m}" for n in range((last - first).days + 1)}
    body = {"name": told["period"], "first": first.isoformat(), "last": last.isoformat(), "legal_entity_id": entity}
    return Fact(PERIOD, f"{entity}/{first}/{last}", body, sorted(months))


def _days(period: str) -> tuple[date, date]:
    _, first, last = period.rsplit("/", 2)
    return date.fromisoformat(first), date.fromisoformat(last)


def _plain(value: Any) -> Any:
    """A figure as it counts: 7.50 h are 7.5 h."""
    if isinstance(value, Mapping):
        return Decimal(value["amount"])
    return value if isinstance(value, bool) else Decimal(value)
