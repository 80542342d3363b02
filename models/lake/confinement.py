"""DuckDB's own locks under a reader's connection, should a statement ever get past `read_only`.

Once confined, DuckDB itself opens no file and no address but the data files of lake and marts, loads no extension,
attaches no further database of its own or PostgreSQL's, and changes no setting. Two things it would still do, and only
`read_only` refuses: write beside the data files, and open a SQLite file, whose extension asks nobody.
"""

from __future__ import annotations

import duckdb

from models.lake.places import lake_data, marts_data, quoted
from models.settings import Settings


def confine(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Lock the connection down to the stores that are attached; there is no way back, so attach them first."""
    # DuckDB adds by itself what is attached and where it spills to.
    folders = ", ".join(quoted(f"{place}/") for place in (lake_data(settings), marts_data(settings)))
    connection.execute(f"SET allowed_directories = [{folders}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
