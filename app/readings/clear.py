"""The one seam through which clear values of sensitive fields pass (G2).

Values that the lake holds sealed are opened here, for whoever is cleared for some, and masked again by name and class
where they are not; those of an earlier release, which stored them as they are, are masked alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Things, Viewer
from models.canonical.classification import OPEN, DataClass
from models.domain.errors import Misconfigured, TieoutError
from models.domain.record import Record, RecordKind
from models.keys.keyring import PREFIX, class_of_sealed
from models.keys.sealing import opened_amount, opened_text


class NotCleared(TieoutError):
    """Clear values were asked for without the right to see them: ask again without, or have a role that may."""

    code = "reading.not-cleared"


NOTHING: frozenset[DataClass] = frozenset()


def is_clear(kind: DataClass, cleared: frozenset[DataClass]) -> bool:
    """Whether a field of this class is read by one cleared for these."""
    return kind in OPEN or kind in cleared


def opened(stored: Any, kind: DataClass, cleared: frozenset[DataClass], hidden: Any) -> Any:
    """A stored value as one cleared for these classes reads it, else `hidden`. Nothing (None) hides nothing."""
    return stored if stored is None or is_clear(kind, cleared) else hidden


def opened_row(stores: Stores, row: Mapping[str, Any], clear: frozenset[DataClass]) -> dict[str, Any]:
    """An answer of the lake with what it holds sealed of the classes that are `clear` opened. Raises what
    `Keyring.opened` does.
    """
    return {name: _opened(stores, held, clear) if _is_sealed(held) else held for name, held in row.items()}


def _is_sealed(held: Any) -> bool:
    return isinstance(held, str) and PREFIX in held


def _opened(stores: Stores, held: str, clear: frozenset[DataClass]) -> str | None:
    alone = class_of_sealed(held)
    if alone is None:
        return opened_text(stores.keys, held, clear)
    return opened_amount(stores.keys, held) if alone in clear else held


def cleared(viewer: Viewer, asked: bool, domain: str | None = None) -> frozenset[DataClass]:
    """The classes this viewer reads clear of what is of this domain, where clear values must be asked for (and the
    asking is audited); without a domain, of whatever it is.
    """
    return viewer.clear_in(domain) if asked and viewer.may(Action.REVEAL, domain) else NOTHING


def asked_clear(
    stores: Stores, viewer: Viewer, about: str, reason: str, of: Things | None = None, **more: Any
) -> frozenset[DataClass]:
    """The classes that this viewer reads clear of whatever they ask for by hand; that they asked, of what and why is in
    the audit lake first. `of` are the things where those are known: one is enough that they may see clear.

    Raises NotCleared for whoever may not see clear values, Misconfigured without a reason.
    """
    if why_not := none_clear(viewer, {about: None} if of is None else of):
        raise NotCleared(why_not)
    if not reason.strip():
        raise Misconfigured("clear values need a reason: say why with --reason, it is kept in the audit lake")
    audit(stores, viewer, "clear_values_shown", about, reason=reason, **more)
    return viewer.clear


def none_clear(viewer: Viewer, of: Things) -> str | None:
    """Why this viewer may see clear values of none of these things; None where they may of one."""
    able = any(viewer.may(Action.REVEAL, domain) for domain in of.values())
    return None if able else viewer.why_not(Action.REVEAL, of)


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
            "cleared": sorted(viewer.clear_somewhere),
            "environment": viewer.environment,
            **more,
        },
    )
    stores.desk.note([done])
