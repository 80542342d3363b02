"""Named statements of this folder's `.sql` files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from models import sql_statements


def statements(name: str) -> Mapping[str, str]:
    """The statements of `<name>.sql` beside this module, by name."""
    return sql_statements.statements(Path(__file__).parent / f"{name}.sql")
