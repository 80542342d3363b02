"""Where the stores lie: the settings' addresses as DuckDB and DuckLake want them."""

from __future__ import annotations

import os
from pathlib import Path

from models.settings import Settings


def catalogue(address: str) -> str:
    """A lake catalogue's address as DuckLake wants it: `sqlite:<absolute path>` or `postgres:<connection string>`."""
    if address.startswith(("postgres://", "postgresql://")):
        return f"postgres:{address}"
    if address.startswith("postgres:"):
        return address
    return f"sqlite:{Path(address.removeprefix('sqlite:')).absolute()}"


def lake_data(settings: Settings) -> str:
    """Where the lake's data files lie: an absolute folder, or `s3://bucket/folder`."""
    place = settings.lake_data_address
    return place if "://" in place else os.path.abspath(place)


def marts_catalogue(settings: Settings) -> str:
    """The catalogue of the marts, which any installation keeps in its home: they can be made again."""
    return catalogue(str(settings.home / "lake" / "marts.sqlite"))


def marts_data(settings: Settings) -> str:
    """The absolute folder of the marts' data files."""
    return str(settings.home.absolute() / "lake" / "marts")


def journal_file(settings: Settings) -> Path | None:
    """The journal's absolute path; None where PostgreSQL keeps it."""
    kind, _, rest = settings.journal_address.partition("://")
    return Path(rest.removeprefix("/")).absolute() if kind.startswith("sqlite") else None


def attachable(settings: Settings) -> set[str]:
    """Which of lake, marts and journal may be there to attach: files that exist, and whatever PostgreSQL keeps."""
    places = {"lake": catalogue(settings.lake_catalog_address), "marts": marts_catalogue(settings)}
    found = {name for name, place in places.items() if not place.startswith("sqlite:") or Path(place[7:]).exists()}
    journal = journal_file(settings)
    return found | {"journal"} if journal is None or journal.exists() else found


def quoted(text: str) -> str:
    """`text` as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
