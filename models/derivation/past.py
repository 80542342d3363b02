"""The past of marts that keep it: nothing derives it again, so it is let go of only when it is lost already."""

from __future__ import annotations

import logging

import duckdb

from models.action_log import action
from models.derivation.swapping import tables
from models.marts.definitions import published

_log = logging.getLogger(__name__)


def let_go_of_lost(connection: duckdb.DuckDBPyConnection) -> bool:
    """Drop each kept past whose files are gone, as after a power loss, and say so; whether there was any."""
    lost = [name for name in tables(connection) if name in published() and _lost(connection, name)]
    for name in lost:
        connection.execute(f'DROP TABLE marts.main."{name}"')
        action(_log, logging.WARNING, "mart.past_lost", mart=name, why="its files are gone; it begins anew today")
    return bool(lost)


def _lost(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    if not published()[name].kept:
        return False
    try:
        connection.execute(f'SELECT count(DISTINCT hash(t)) FROM marts.main."{name}" t').fetchone()
    except (duckdb.IOException, duckdb.InvalidInputException):
        return True
    return False
