"""Named SQL statements from a `.sql` file beside their owner: `-- name: what it answers` begins each. The one reader of
such files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_HEAD = re.compile(r"^-- (\w+): .+$", re.M)


@cache
def statements(file: Path) -> Mapping[str, str]:
    """The statements of a file by name, in the order of the file.

    Raises ValueError when two share a name or text stands before the first head.
    """
    parts = _HEAD.split(file.read_text(encoding="utf-8"))
    names = parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{file} names a statement twice: give each its own name")
    if parts[0].strip():
        raise ValueError(f"{file} has SQL before its first `-- name: purpose` line: name it")
    return MappingProxyType({name: body.strip().rstrip(";") for name, body in zip(names, parts[2::2], strict=True)})
