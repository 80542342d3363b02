"""The audit lake handed out whole, clear values and all: only by the home's owner, with a reason, and kept (G2)."""

from __future__ import annotations

import os
from pathlib import Path

from app.readings.clear import NotCleared
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.errors import Misconfigured
from models.domain.record import Record, RecordKind

BEGAN = "lake_export_began"


def handed_out(stores: Stores, viewer: Viewer, folder: Path, reason: str) -> None:
    """Keep, before a file is written, that this viewer takes the whole lake to `folder`, and why.

    Raises NotCleared for whoever is limited to legal entities, may not see clear values or take files away, or is not
    the account that the home belongs to; Misconfigured without a reason.
    """
    if not reason.strip():
        raise Misconfigured("say why with --reason: it is kept in the audit lake")
    whole = {"the whole audit lake": None}
    lacking = viewer.why_not(Action.EXPORT, whole) or viewer.why_not(Action.REVEAL, whole)
    if why_not := lacking or _why_not(stores, viewer):
        raise NotCleared(why_not)
    body = {"action": BEGAN, "about": str(folder.absolute()), "reason": reason, "roles": sorted(viewer.roles)}
    stores.desk.note(
        [
            Record(
                RecordKind.OPERATOR_ACTION,
                stores.now(),
                entity="audit_lake",
                business_key=str(folder.absolute()),
                status=BEGAN,
                actor=viewer.actor,
                body=body,
            )
        ]
    )


def _why_not(stores: Stores, viewer: Viewer) -> str | None:
    if viewer.entities:
        return "An export holds every legal entity, and you are limited to some: ask the home's owner for it."
    home = stores.settings.home
    if home.exists() and os.geteuid() not in (0, home.stat().st_uid):
        return f"{home} belongs to another account, and an export is its owner's alone: ask them."
    return None
