"""Opens the journal's database for a port, at this release's schema."""

from __future__ import annotations

import sqlalchemy as sa

from models.journal.database import open_database
from models.journal.migration import migrate
from models.journal.sealing import give_keys
from models.keys.keyring import Keyring


def opened(url: str, keys: Keyring | None = None) -> sa.Engine:
    """The database at a SQLAlchemy URL, brought to this release's schema first, under a lock; with `keys` labour rates,
    pay and contract values in it are sealed.

    Raises Misconfigured for a database that is neither SQLite nor PostgreSQL, or that a newer release migrated.
    """
    engine = open_database(url)
    migrate(engine)
    return give_keys(engine, keys)


def opened_to_read(url: str, keys: Keyring | None = None) -> sa.Engine:
    """The same on connections that the database itself lets read only."""
    opened(url).dispose()
    return give_keys(open_database(url, read_only=True), keys)


class Port:
    """An open port. `engine` is the database's pool of connections."""

    engine: sa.Engine

    def close(self) -> None:
        """Give every connection back."""
        self.engine.dispose()
