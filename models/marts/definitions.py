"""Every derived table that lies in this room's folder: adding a mart is adding its file."""

from __future__ import annotations

from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from models.marts.table import Table, table

FOLDER = Path(__file__).parent / "sql"
"""One file per mart; in `state/` one per kind of object whose latest observations are kept."""


@cache
def _tables(folder: Path) -> tuple[Table, ...]:
    return tuple(table(file) for file in sorted(folder.glob("*.sql")))


def states() -> tuple[Table, ...]:
    """The latest observations, for the marts, for detectors and for pages that compare systems, each after those that
    its SQL reads.
    """
    return _ordered(FOLDER / "state")


def marts() -> tuple[Table, ...]:
    """The marts in the order in which they are derived, each after those that its SQL reads.

    Raises ValueError when they read each other in a circle.
    """
    return _ordered(FOLDER)


def published() -> dict[str, Table]:
    """Every table that readers can ask, by its public name."""
    return {one.published: one for one in (*marts(), *states()) if one.published}


@cache
def _ordered(folder: Path) -> tuple[Table, ...]:
    tables = _tables(folder)
    maker = {made: one.name for one in tables for made in one.makes}
    needs = {one.name: sorted({maker[read] for read in one.reads & maker.keys()}) for one in tables}
    by_name = {one.name: one for one in tables}
    try:
        return tuple(by_name[name] for name in TopologicalSorter(needs).static_order())
    except CycleError as circle:
        raise ValueError(f"these marts read each other in a circle: {' → '.join(circle.args[1])}") from None
