"""Brings the marts up to what came since into the lake and the journal: derived beside, swapped in one transaction,
never under a reader's feet. Where nothing came, nothing is done.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import MappingProxyType

import duckdb

from models.catalogue import Books, Elsewhere, load_catalogue
from models.derivation import inputs, state
from models.derivation.changes import forget
from models.derivation.deriving import Terms, derive
from models.derivation.past import let_go_of_lost
from models.derivation.swapping import databases, swap, sweep, tables
from models.domain.clock import Clock
from models.domain.errors import Misconfigured
from models.keys.keyring import Keyring
from models.lake.connection import attach_derived, connect, settle_derived
from models.lake.publish import publish
from models.lake.steady import steadily
from models.marts.definitions import published
from models.settings import Settings

IDLE_SECONDS = 30
"""How old the marts may get while nothing happens: ages and the oldest pending grow with the clock alone."""

_BOOKS = Books()
_NOWHERE = Elsewhere()


def refresh(
    connection: duckdb.DuckDBPyConnection,
    reporting_currency: str,
    clock: Clock | None = None,
    service_levels: Mapping[str, float] = MappingProxyType({}),
    books: Books = _BOOKS,
    elsewhere: Elsewhere = _NOWHERE,
    keys: Keyring | None = None,
) -> frozenset[str]:
    """Derive what is due as of now and publish what changed, all or nothing; the public names that are others now.

    Safe to repeat. `connection` has the lake, the journal and the marts (for writing) attached and published; it asks
    the marts where they were derived from then on. Money is converted into `reporting_currency`, `service_levels` are
    the seconds each flow may take, `books` say whose days and how old a rate may be, `elsewhere` how flows that others
    run are read, `keys` open what is sealed. Without a clock "now" is the newest moment in the lake. Raises
    Misconfigured when the marts cannot be written.
    """
    if "marts" not in databases(connection):
        raise Misconfigured('the marts are not attached: open the connection with connect(settings, marts="write")')
    attach_derived(connection)
    terms = Terms(reporting_currency, clock, service_levels, books, elsewhere, keys)
    # Before anything is read: what comes meanwhile is the next refresh's.
    seen = {**inputs.look(connection), inputs.TERMS: terms.text}
    before, seconds = inputs.kept(connection)
    present = _seconds(clock)
    idle = abs(present - seconds) >= IDLE_SECONDS
    news = inputs.came(seen, before, idle)
    if not news and not idle:
        return frozenset()
    state.make(connection)
    if not before and let_go_of_lost(connection):
        publish(connection)
    moved = steadily(connection, lambda: derive(connection, terms, news, idle))
    if swap(connection, moved):
        publish(connection)
    forget(connection)
    settle_derived(connection)
    _show(connection)  # each time: whoever attached a store since has published the lake's tables again
    sweep(connection)
    # News alone makes nothing older: what grows with the clock is still due when its half minute is over.
    inputs.keep(connection, seen, present if idle else seconds)
    return news | {name for name, one in published().items() if one.name in moved.names}


def rebuild(settings: Settings) -> None:
    """Drop every mart and derive it anew from the audit lake and the journal; the past of one that is kept stays."""
    catalogue = load_catalogue(settings)
    connection = connect(settings, marts="write", memory_mib=settings.detect_memory_mib)
    try:
        for name in tables(connection):
            if name in published() and published()[name].kept:
                continue
            connection.execute(f'DROP TABLE marts.main."{name}"')
        refresh(
            connection,
            catalogue.reporting_currency,
            service_levels=catalogue.service_levels,
            books=catalogue.books,
            elsewhere=catalogue.elsewhere,
            keys=Keyring(settings),
        )
    finally:
        connection.close()


def _seconds(clock: Clock | None) -> float:
    """World time where it is known: it may jump, and ages with it."""
    return clock.now().timestamp() if clock else time.monotonic()


def _show(connection: duckdb.DuckDBPyConnection) -> None:
    """Let this connection ask the marts where they were derived: a lake's table costs ten times as much to open."""
    for name, one in published().items():
        connection.execute(f'CREATE OR REPLACE VIEW memory.main."{name}" AS SELECT * FROM derived.state."{one.name}"')
