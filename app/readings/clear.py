"""The one seam through which clear values of sensitive fields pass (G2).

Values that the lake holds sealed are opened here, for whoever is cleared for some, and masked again by name and class
where they are not; those of an earlier release, which stored them as they are, are masked alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.canonical.classification import OPEN, DataClass
from models.domain.record import Record, RecordKind
from models.keys.keyring import PREFIX, SEALED
from models.keys.sealing import opened_amount, opened_text

NOTHING: frozenset[DataClass] = frozenset()


def is_clear(kind: DataClass, cleared: frozenset[DataClass]) -> bool:
    """Whether a field of this class is read by one cleared for these."""
    return kind in OPEN or kind in cleared


def opened(stored: Any, kind: DataClass, cleared: frozenset[DataClass], hidden: Any) -> Any:
    """A stored value as one cleared for these classes reads it, else `hidden`. Nothing (None) hides nothing."""
    return stored if stored is None or is_clear(kind, cleared) else hidden


def opened_row(stores: Stores, row: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of the lake with what it holds sealed opened. Raises what `Keyring.opened` does."""
    return {name: _opened(stores, held) if _is_sealed(held) else held for name, held in row.items()}


def _is_sealed(held: Any) -> bool:
    return isinstance(held, str) and PREFIX in held


def _opened(stores: Stores, held: str) -> str | None:
    return opened_amount(stores.keys, held) if SEALED.fullmatch(held) else opened_text(stores.keys, held)


def cleared(viewer: Viewer, asked: bool) -> frozenset[DataClass]:
    """The classes this viewer reads clear where clear values must be asked for (and the asking is audited)."""
    return viewer.clear if asked and viewer.may(Action.REVEAL) else NOTHING


def audit(stores: Stores, viewer: Viewer, action: str, about: str, **more: Any) -> None:
    """Hand the audit lake what this viewer just did, by way of the journal's feed like every other action (G2, X9).

    `more` goes into its body. Raises the journal's own errors: what cannot be kept is not shown either.
    """
    done = Record(
        RecordKind.OPERATOR_ACTION,
        stores.now(),
        entity="view",
        business_key=about,
        status=action,
        actor=viewer.actor,
        body={
            "action": action,
            "about": about,
            "roles": sorted(viewer.roles),
            "cleared": sorted(viewer.clear),
            "environment": viewer.environment,
            **more,
        },
    )
    stores.desk.note([done])
