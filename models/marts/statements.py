"""Named SQL statements of the marts: one file per mart beside this module, each statement headed `-- name: its purpose`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"
_HEAD = re.compile(r"^-- (\w+): .*$", re.MULTILINE)


@cache
def statements(file: Path) -> Mapping[str, str]:
    """Every statement of a file by its name, in the file's order.

    Raises ValueError for a name given twice, since one of the two would never run.
    """
    pieces = _HEAD.split(file.read_text(encoding="utf-8"))[1:]
    found = {name: body.strip().rstrip(";") for name, body in zip(pieces[::2], pieces[1::2], strict=True)}
    if len(found) * 2 != len(pieces):
        raise ValueError(f"{file.name} names a statement twice: rename one")
    return found
