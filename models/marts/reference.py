"""The reference of every published mart, written from the heads of their files.

`python -m models.marts.reference > models/marts/REFERENCE.md` brings it up to date; a test says when that is due.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.marts.definitions import published
from models.marts.table import Table

_TOP = """# The marts

Generated from the heads of [sql/](sql) by `python -m models.marts.reference`: change those, not this page.
"""


def reference() -> str:
    """The whole page, as Markdown."""
    return "\n".join([_TOP, *(line for name, mart in sorted(published().items()) for line in _chapter(name, mart))])


def _chapter(name: str, mart: Table) -> Iterator[str]:
    yield f"## {name}\n"
    yield f"{mart.purpose}\n"
    yield f"One row per {', '.join(f'`{column}`' for column in mart.grain)}.\n"
    yield "| column | type | unit | meaning |\n|---|---|---|---|"
    for column in mart.columns:
        yield f"| `{column.name}` | {column.kind} | {column.unit or ''} | {column.meaning} |"
    yield ""


if __name__ == "__main__":
    print(reference(), end="")
