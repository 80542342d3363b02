"""What a person may do here, and why not: for pages, terminals and refusals alike (G1)."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import app.readings
from app.readings.rights import EVERY_QUESTION, ROLES, Action, Question
from app.readings.viewer import Viewer
from models.canonical.classification import OPEN, DataClass


@dataclass(frozen=True, slots=True)
class Permission:
    """One thing that one may or may not; `roles` are those that may, none where no role does. `domains` are those in
    which one may it alone, none where that is in every one.
    """

    kind: str
    what: str
    granted: bool
    roles: tuple[str, ...]
    domains: tuple[str, ...] = ()


@cache
def questions() -> tuple[Question, ...]:
    """Every question that a page answers: its folder says it."""
    rooms = [
        importlib.import_module(f"app.readings.{room.name}") for room in pkgutil.iter_modules(app.readings.__path__)
    ]
    return tuple(room.QUESTION for room in rooms if hasattr(room, "QUESTION"))


def permissions(viewer: Viewer) -> tuple[Permission, ...]:
    """Every page, action and class of sensitive fields, and whether this person may open, do or read it."""
    pages = [
        Permission("page", one.name, viewer.may_ask(one), _ordered(one.asked_by | EVERY_QUESTION))
        for one in questions()
    ]
    acts = [Permission("action", str(act), viewer.may_somewhere(act), able(act), viewer.domains(act)) for act in Action]
    kinds = [
        Permission("clear", str(kind), kind in viewer.clear_somewhere, reading(kind), _clear_in(viewer, kind))
        for kind in DataClass
        if kind not in OPEN
    ]
    return (*pages, *acts, *kinds)


def _clear_in(viewer: Viewer, kind: DataClass) -> tuple[str, ...]:
    """The domains of whose things alone this person reads fields of this class clear."""
    return () if viewer.sees(kind) else tuple(one for one in viewer.granted_domains if kind in viewer.clear_in(one))


def able(action: Action) -> tuple[str, ...]:
    """The roles that may do this."""
    return tuple(name for name, role in ROLES.items() if action in role.actions)


def reading(kind: DataClass) -> tuple[str, ...]:
    """The roles that read fields of this class clear."""
    return tuple(name for name, role in ROLES.items() if kind in role.clear)


def closed(viewer: Viewer, question: Question) -> str | None:
    """Why this person may not open a page, and who can grant it; None when they may."""
    if viewer.may_ask(question):
        return None
    asking = _ordered(question.asked_by | EVERY_QUESTION)
    page, held = question.name.capitalize(), ", ".join(sorted(viewer.roles)) or "none"
    return (
        f"“{page}” is not among the pages of your roles ({held}). It is open to {either(asking)}. {viewer.granted_by}"
    )


def either(roles: Iterable[str]) -> str:
    """Roles in words: `finance or executive`."""
    return " or ".join(roles)


def _ordered(roles: Iterable[str]) -> tuple[str, ...]:
    return tuple(name for name in ROLES if name in set(roles))
