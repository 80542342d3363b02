"""Which posting of an entry stands in the ERP, and what a new version of the entry does to it (F5, E1).

The registry keeps one fact `posting` per time entry or expense:

| field | says |
|---|---|
| seen | the newest source version that was planned: an older one that arrives later does nothing |
| number | how many versions were posted; the next posting id counts on from here |
| revision | grows with each effect (reversal or posting), so that a plan knows whether it is still true |
| key | the idempotency key of the last act: the same act again does nothing, a corrected replay does |
| standing | the posting that counts now: {"posting_id", "body", "words" where value maps told any}, or None |
| undoing | a reversal of what stands was begun, so it may not stand any more |
| pending | a posting that was begun and whose outcome nobody knows yet, or None |

A version that comes after a posting in doubt cannot just count on or count back: it first confirms that posting (the
same external id again, so it is there once), then reverses it like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contracts import Context
from models.domain.errors import Rejected
from models.domain.keys import posting_id, reversal_id
from models.domain.outcomes import Fact, NothingToDo

ENTITY = "posting"
MOVED_ON = "posting-moved-on"
NONE: Mapping[str, Any] = {
    "seen": 0,
    "number": 0,
    "revision": 0,
    "key": None,
    "standing": None,
    "undoing": False,
    "pending": None,
}

_MATERIAL = (
    "project_id",
    "charge_code",
    "resource_id",
    "work_date",
    "hours",
    "billable",
    "bill_rate",
    "spent_on",
    "category",
    "amount",
)
"""What makes another posting necessary. A changed note does not; nor does a cost rate that HR raised since."""


def planned(item: str, body: Mapping[str, Any] | None, ctx: Context) -> tuple[dict[str, Any], Fact]:
    """What this version of an entry asks of the ERP, and the fact that it was seen. `body` is None for a withdrawn
    entry.
    """
    now = {**NONE, **(ctx.known(ENTITY, item) or {})}
    version, key = ctx.run.source_version, ctx.key("erp-post")
    plan: dict[str, Any] = {
        "item": item,
        "base": now["revision"],
        "key": key,
        "number": now["number"],
        "prior": now["key"],
    }
    plan |= {"confirm": None, "reverse": None, "post": None, "nothing": _nothing(now, body, version, key)}
    if plan["nothing"] is None:
        plan |= _acts(item, now, body)
    begun = plan["post"] if not plan["confirm"] and not plan["reverse"] else None
    pending = {**begun, "body": dict(body)} if begun and body else now["pending"]
    undoing = now["undoing"] or bool(plan["reverse"] and not plan["confirm"])
    return plan, Fact(ENTITY, item, {**now, "seen": max(version, now["seen"]), "pending": pending, "undoing": undoing})


def due(plan: Mapping[str, Any], act: str, ctx: Context) -> Mapping[str, Any] | NothingToDo:
    """The act (`confirm`, `reverse` or `post`) that is still to be done.

    Raises Rejected `posting-moved-on` when somebody else changed the posting since it was planned.
    """
    if plan["nothing"]:
        return NothingToDo(plan["nothing"])
    wanted: Mapping[str, Any] | None = plan[act]
    if wanted is None:
        return NothingToDo(_IDLE[act])
    now = {**NONE, **(ctx.known(ENTITY, plan["item"]) or {})}
    if ctx.run.source_version < now["seen"]:
        return NothingToDo("a newer version of this entry was taken up already")
    if now["revision"] == _before(plan, act):
        return wanted
    if now["revision"] == _before(plan, act) + 1 and _done(plan, act, now):
        return NothingToDo("done by an earlier attempt")
    raise Rejected(
        f"another version of {plan['item']} was posted since this attempt was planned: replay it from the start",
        code=MOVED_ON,
    )


def confirmed_fact(plan: Mapping[str, Any], seen: int) -> Fact:
    """What stands once a posting in doubt is known to be there."""
    return _fact(plan, "confirm", seen, plan["prior"], standing=plan["confirm"], undoing=True)


def reversed_fact(plan: Mapping[str, Any], body: Mapping[str, Any], seen: int) -> Fact:
    """What stands after the reversal: nothing, and the new posting is about to be begun."""
    pending = {**plan["post"], "body": dict(body)} if plan["post"] else None
    return _fact(plan, "reverse", seen, plan["prior"] if plan["post"] else plan["key"], pending=pending)


def posted_fact(
    plan: Mapping[str, Any], body: Mapping[str, Any], seen: int, words: Mapping[str, str] | None = None
) -> Fact:
    """What stands after the posting; `words` are the ERP's in which it was posted, and in which it is undone."""
    told = {"words": dict(words)} if words else {}
    return _fact(plan, "post", seen, plan["key"], standing={**plan["post"], "body": dict(body), **told})


def refused_fact(plan: Mapping[str, Any], act: str, seen: int) -> Fact:
    """Nothing stands after the ERP refused the act (`confirm` or `post`) for good, but for a posting that was in doubt
    before: whether an earlier attempt reached the ERP does not show in its refusal of a later one.
    """
    number = plan["number"] + (bool(plan["confirm"]) if act == "post" else 0)
    doubtful = plan["confirm"] if act == "confirm" else plan.get("again")
    body = {**NONE, "seen": seen, "number": number, "revision": _before(plan, act), "key": plan["prior"]}
    return Fact(ENTITY, plan["item"], {**body, "pending": doubtful})


_ACTS = ("confirm", "reverse", "post")
_IDLE = {"confirm": "no posting is in doubt", "reverse": "nothing was posted before", "post": "the entry was withdrawn"}


def _nothing(now: Mapping[str, Any], body: Mapping[str, Any] | None, version: int, key: str) -> str | None:
    """Why this version asks nothing of the ERP, or None."""
    if version < now["seen"]:
        return "a newer version of this entry was taken up already"
    if key == now["key"]:
        return "this version is in the ERP already"
    if body is None and not now["standing"] and not now["pending"]:
        return "it was never posted, so there is nothing to undo"
    if body and now["standing"] and not now["undoing"] and _material(body) == _material(now["standing"]["body"]):
        return "what is posted is the same"
    return None


def _acts(item: str, now: Mapping[str, Any], body: Mapping[str, Any] | None) -> dict[str, Any]:
    doubtful = now["pending"]
    confirm = doubtful if doubtful and not (body and _material(body) == _material(doubtful["body"])) else None
    standing = confirm or now["standing"]
    number = now["number"] + (2 if confirm else 1)
    return {
        "confirm": confirm,
        "again": doubtful if doubtful and not confirm else None,
        "reverse": standing and {**standing, "posting_id": reversal_id(standing["posting_id"])},
        "post": body and {"posting_id": posting_id(item, number)},
    }


def _done(plan: Mapping[str, Any], act: str, now: Mapping[str, Any]) -> bool:
    """Whether what stands now is what this very act leaves behind."""
    if act == "post":
        return bool(now["key"] == plan["key"])
    standing = (now["standing"] or {}).get("posting_id")
    return bool(standing == (plan["confirm"]["posting_id"] if act == "confirm" else None))


def _fact(
    plan: Mapping[str, Any],
    act: str,
    seen: int,
    key: Any,
    standing: Any = None,
    pending: Any = None,
    undoing: bool = False,
) -> Fact:
    number = plan["number"] + bool(plan["confirm"]) + (act == "post")
    revision = _before(plan, act) + 1
    body = {"seen": seen, "number": number, "revision": revision, "key": key}
    body |= {"standing": standing, "undoing": undoing, "pending": pending}
    return Fact(ENTITY, plan["item"], body)


def _before(plan: Mapping[str, Any], act: str) -> int:
    """The revision that an act of the plan builds on."""
    return int(plan["base"]) + sum(1 for earlier in _ACTS[: _ACTS.index(act)] if plan[earlier])


def _material(body: Mapping[str, Any]) -> list[Any]:
    return [body.get(name) for name in _MATERIAL]
