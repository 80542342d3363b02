"""A read that merges wait for: one that lasts longer than the pause between two of them would be overtaken for ever.

Only where SQLite keeps the catalogue: PostgreSQL shows a reader its whole snapshot, whatever is merged meanwhile.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CATALOGUE = "SELECT path FROM duckdb_databases() WHERE database_name = 'lake'"


@contextmanager
def undisturbed(connection: Any) -> Iterator[None]:
    """No merge of the attached lake begins meanwhile; one that is under way is waited for. A kill frees it."""
    file = _beside(connection)
    if file is None or not file.exists():  # nobody has merged here
        yield
        return
    with open(file, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        yield


@contextmanager
def merging(connection: Any) -> Iterator[bool]:
    """Whether the attached lake may be merged now: nobody reads it undisturbed, and nobody begins to meanwhile."""
    file = _beside(connection)
    if file is None:
        yield True
        return
    with open(file, "ab") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _beside(connection: Any) -> Path | None:
    """The file that is locked, beside the catalogue; None where no file is the catalogue."""
    found = connection.execute(_CATALOGUE).fetchone()
    kind, _, place = str(found[0] if found else "").partition(":")
    return Path(place).with_suffix(".reading") if kind == "sqlite" else None
