"""Named SQL statements from a `.sql` file beside their owner: `-- name: what it answers` begins each. The one reader of
such files.

A file may begin with a `/* … */` comment, its head, which says what the whole file is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

_HEAD = re.compile(r"\A\s*/\*(.*?)\*/", re.S)
_FROM = re.compile(r"\b(?:FROM|JOIN)\s+(\w+)\b(?!\.)", re.IGNORECASE)
_NAME = re.compile(r"^-- (\w+): .+$", re.M)


@cache
def statements(file: Path) -> Mapping[str, str]:
    """The statements of a file by name, in the order of the file.

    Raises ValueError when two share a name or SQL stands before the first one.
    """
    parts = _NAME.split(_HEAD.sub("", file.read_text(encoding="utf-8")))
    names = parts[1::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{file} names a statement twice: give each its own name")
    if parts[0].strip():
        raise ValueError(f"{file} has SQL before its first `-- name: purpose` line: name it")
    return MappingProxyType({name: body.strip().rstrip(";") for name, body in zip(names, parts[2::2], strict=True)})


@cache
def asked_names(sql: str) -> frozenset[str]:
    """The names without a schema that a statement reads from; its own, which it makes by WITH, are among them."""
    return frozenset(_FROM.findall(sql))


@cache
def head(file: Path) -> str:
    """The comment that a file begins with; empty where there is none."""
    found = _HEAD.match(file.read_text(encoding="utf-8"))
    return found[1].strip() if found else ""
