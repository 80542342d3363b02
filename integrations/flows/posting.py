"""Which posting of an entry stands in the ERP, and what a new version of the entry does to it (F5, E1).

The registry keeps one fact `posting` per time entry or expense:

| field | says |
|---|---|
| seen | the newest source version that was planned: an older one that arrives later does nothing |
| number | how many versions were posted; the next posting id counts on from here |
| revision | grows with each effect (reversal or posting), so that a plan knows whether it is still true |
| key | the idempotency key of the last act: the same act again does nothing, a corrected replay does |
| standing | the posting that counts now: {"posting_id", "body"}, or None |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.contracts import Context
from models.domain.errors import Rejected
from models.domain.keys import posting_id, reversal_id
from models.domain.outcomes import Fact, NothingToDo

ENTITY = "posting"
NONE: Mapping[str, Any] = {"seen": 0, "number": 0, "revision": 0, "key": None, "standing": None}

_MATERIAL = (
    "project_id", "charge_code", "resource_id", "work_date", "hours", "billable", "bill_rate", "spent_on", "category", "amount",
)  # fmt: skip
"""What makes another posting necessary. A changed note does not; nor does a cost rate that HR raised since."""


def planned(item: str, body: Mapping[str, Any] | None, ctx: Context) -> tuple[dict[str, Any], Fact]:
    """What this version of an entry asks of the ERP, and the fact that it was seen. `body` is None for a withdrawn entry."""
    now = ctx.known(ENTITY, item) or NONE
    version, key = ctx.run.source_version, ctx.key("erp-post")
    standing = now["standing"]
    plan: dict[str, Any] = {"item": item, "base": now["revision"], "key": key, "reverse": None, "post": None, "nothing": None}
    if version < now["seen"]:
        plan["nothing"] = "a newer version of this entry was taken up already"
    elif key == now["key"]:
        plan["nothing"] = "this version is in the ERP already"
    elif body is None and standing is None:
        plan["nothing"] = "it was never posted, so there is nothing to undo"
    elif body and standing and _material(body) == _material(standing["body"]):
        plan["nothing"] = "what is posted is the same"
    else:
        plan["reverse"] = standing and {"posting_id": reversal_id(standing["posting_id"]), "body": standing["body"]}
        plan["post"] = body and {"posting_id": posting_id(item, now["number"] + 1)}
    plan["number"] = now["number"]
    return plan, Fact(ENTITY, item, {**now, "seen": max(version, now["seen"])})


def due(plan: Mapping[str, Any], part: str, ctx: Context) -> Mapping[str, Any] | NothingToDo:
    """The part (`reverse` or `post`) that is still to be done.

    Raises Rejected `posting-moved-on` when somebody else changed the posting since it was planned.
    """
    if plan["nothing"]:
        return NothingToDo(plan["nothing"])
    wanted: Mapping[str, Any] | None = plan[part]
    if wanted is None:
        return NothingToDo("nothing was posted before" if part == "reverse" else "the entry was withdrawn")
    now = ctx.known(ENTITY, plan["item"]) or NONE
    if now["revision"] == _before(plan, part):
        return wanted
    if ctx.run.source_version < now["seen"]:
        return NothingToDo("a newer version of this entry was taken up already")
    if now["revision"] == _before(plan, part) + 1 and (part == "reverse" or now["key"] == plan["key"]):
        return NothingToDo("done by an earlier attempt")
    raise Rejected(
        f"another version of {plan['item']} was posted since this attempt was planned: replay it from the start",
        code="posting-moved-on",
    )


def reversed_fact(plan: Mapping[str, Any], seen: int) -> Fact:
    """What stands after the reversal: nothing."""
    key = None if plan["post"] else plan["key"]
    number = plan["number"]
    return Fact(ENTITY, plan["item"], {"seen": seen, "number": number, "revision": plan["base"] + 1, "key": key, "standing": None})


def posted_fact(plan: Mapping[str, Any], body: Mapping[str, Any], seen: int) -> Fact:
    """What stands after the posting."""
    number, revision = plan["number"] + 1, _before(plan, "post") + 1
    standing = {"posting_id": plan["post"]["posting_id"], "body": dict(body)}
    return Fact(ENTITY, plan["item"], {"seen": seen, "number": number, "revision": revision, "key": plan["key"], "standing": standing})


def _before(plan: Mapping[str, Any], part: str) -> int:
    """The revision that a part of the plan builds on."""
    return int(plan["base"]) + (1 if part == "post" and plan["reverse"] else 0)


def _material(body: Mapping[str, Any]) -> list[Any]:
    return [body.get(name) for name in _MATERIAL]
