"""What the home's owner does with the keys of sealed values: each with a reason, and in the audit lake (G2, C7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.readings.clear import NotCleared, audit
from app.readings.reading import answers
from app.readings.rights import Action
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.domain.errors import Misconfigured, TieoutError

ABOUT = "keys"


class NoSuchSubject(TieoutError):
    """Nobody of that name has a key: `tieout keys list` shows who does."""

    code = "keys.no-such-subject"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom sealed values are of; of one that was erased there is only an id, and when that was."""

    subject: str
    kind: str | None
    name: str | None
    erased: str | None


def listed(stores: Stores, viewer: Viewer) -> tuple[Subject, ...]:
    """Every subject, the erased too. Raises NotCleared for whoever may not keep keys."""
    _able(viewer)
    return tuple(Subject(one.subject, one.kind, one.name, one.erased) for one in stores.keys.subjects())


def rotate(stores: Stores, viewer: Viewer, reason: str) -> int:
    """Wrap every key anew with another master key; how many. Raises as `_able` and `Keyring.rotate` do."""
    _able(viewer, reason)
    count = stores.keys.rotate()
    audit(stores, viewer, "keys_rotated", ABOUT, reason=reason, subjects=count)
    return count


def erase(stores: Stores, viewer: Viewer, kind: str, name: str, reason: str) -> str:
    """Drop the key of one subject; its id, by which alone the audit lake knows it from then on.

    Raises as `_able` does, and NoSuchSubject.
    """
    _able(viewer, reason)
    found = [one.subject for one in stores.keys.subjects() if (one.kind, one.name) == (kind, name)]
    if not found:
        raise NoSuchSubject(f"no {kind} {name!r} has a key here: `tieout keys list` shows who does")
    audit(stores, viewer, "keys_erased", ABOUT, reason=reason, subject=found[0])
    stores.keys.erase((kind, name), stores.now().isoformat())
    return found[0]


def back_up(stores: Stores, viewer: Viewer, folder: Path, reason: str) -> int:
    """Write the keys into a new folder, kept before it is written; how many subjects have one.

    Raises as `_able` and `Keyring.back_up` do.
    """
    _able(viewer, reason)
    audit(stores, viewer, "keys_backed_up", ABOUT, reason=reason, folder=str(folder.absolute()))
    return stores.keys.back_up(folder)


def restore(stores: Stores, viewer: Viewer, folder: Path, reason: str) -> int:
    """Put back what is missing; how many subjects' keys. Raises as `_able` and `Keyring.restore` do."""
    _able(viewer, reason)
    count = stores.keys.restore(folder)
    audit(stores, viewer, "keys_restored", ABOUT, reason=reason, folder=str(folder.absolute()), subjects=count)
    return count


def seal(stores: Stores, viewer: Viewer, reason: str) -> Mapping[str, int]:
    """Seal what an earlier release kept in clear in the journal, and keep up to which batch the audit lake may hold
    values in clear; how many rows of which table.

    Raises as `_able` and `Keyring.seal` do.
    """
    _able(viewer, reason)
    last = answers(stores, viewer, "SELECT coalesce(max(batch_id), 0) AS batch FROM seals", {})[0]["batch"]
    done = stores.desk.seal_what_is_clear(stores.keys)
    audit(stores, viewer, "values_sealed", ABOUT, reason=reason, rows=dict(done), clear_up_to_batch=last)
    return done


def _able(viewer: Viewer, reason: str = "listed") -> None:
    """Raises NotCleared for whoever may not keep keys or sees some companies alone, Misconfigured without a reason."""
    if viewer.entities:
        raise NotCleared("Keys are of every legal entity, and you are limited to some: ask somebody who sees them all.")
    if why_not := viewer.why_not(Action.KEEP_KEYS, {"the keys of all that is sealed": None}):
        raise NotCleared(why_not)
    if not reason.strip():
        raise Misconfigured("say why with --reason: it is kept in the audit lake")
