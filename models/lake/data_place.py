"""Whether the lake's data files can lie where the settings say, asked before an append fails there."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from models.lake.connection import open_engine
from models.lake.places import catalogue, lake_data, quoted
from models.settings import Settings

ANSWER_SECONDS = 5


def fault_of(settings: Settings) -> str | None:
    """A sentence that says what to mend; None where the place answers. Nothing is written, so that a bucket which may
    be listed and not written passes.
    """
    place = lake_data(settings)
    return _of_bucket(settings, place) if "://" in place else _of_folder(settings, Path(place))


def _of_folder(settings: Settings, place: Path) -> str | None:
    if not place.exists():
        kind, _, path = catalogue(settings.lake_catalog_address).partition(":")
        begun = kind == "sqlite" and Path(path).exists()
        return f"the lake's data folder {place} is gone: mount it, or set TIEOUT_LAKE_DATA to it" if begun else None
    if not os.access(place, os.W_OK | os.X_OK):
        return f"the lake's data folder {place} cannot be written by this account: whoever collects must own it"
    return None


def _of_bucket(settings: Settings, place: str) -> str | None:
    connection = open_engine(settings, memory_mib=64, threads=1)
    try:
        connection.execute(f"SET http_timeout = {ANSWER_SECONDS}; SET http_retries = 0")
        connection.execute(f"SELECT 1 FROM glob({quoted(place + '/*')}) LIMIT 1").fetchall()
    except duckdb.Error as error:
        return (
            f"the lake's data at {place} does not answer ({str(error).splitlines()[0]}): see to the storage, "
            "AWS_ENDPOINT_URL and AWS_ACCESS_KEY_ID; what is acknowledged waits in the spool"
        )
    finally:
        connection.close()
    return None
