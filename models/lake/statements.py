"""Named statements of this folder's `.sql` files; each begins with `-- name: its purpose`."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_HEAD = re.compile(r"^-- (\w+): .*$", re.MULTILINE)


@cache
def statements(name: str) -> dict[str, str]:
    """The statements of `<name>.sql` beside this module, by name."""
    pieces = _HEAD.split((Path(__file__).parent / f"{name}.sql").read_text(encoding="utf-8"))[1:]
    return {head: body.strip().rstrip(";") for head, body in zip(pieces[::2], pieces[1::2], strict=True)}
