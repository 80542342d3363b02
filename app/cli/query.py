"""`tieout sql` and `tieout rebuild`: any read of the stores, and the derived tables made again."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

from app.cli.installation import installation
from app.cli.output import Format, fail, print_rows
from app.readings.clear import NOTHING
from app.readings.sql import asked_clear, shown_rows
from app.readings.stores import Stores
from app.readings.viewer import Viewer, owner_viewer
from models.canonical.classification import DataClass
from models.domain.errors import TieoutError
from models.lake.reader import open_reader


def sql(query: str, form: Format, as_of: datetime | None, clear: bool = False, reason: str = "") -> None:
    """Print the rows of one read-only statement; a statement that writes is refused with status 2.

    What the stores hold sealed is `•••`, and so are rates, pay and values in bodies that an earlier release kept in
    clear; `clear` opens them for who may see them, and keeps who did and the `reason`.
    """
    moment = as_of.replace(tzinfo=as_of.tzinfo or UTC) if as_of else None
    settings = installation()
    with closing(Stores(settings)) as stores, closing(open_reader(settings, as_of=moment)) as reader:
        classes = _asked(stores, owner_viewer(settings), query, reason) if clear else NOTHING
        try:
            rows = shown_rows(stores, reader.rows(query), classes)
        except Exception as error:
            raise fail(str(error), 2) from error
    print_rows(rows, form)


def _asked(stores: Stores, viewer: Viewer, query: str, reason: str) -> frozenset[DataClass]:
    """The classes that this viewer sees clear, kept with their reason before anything is shown."""
    try:
        return asked_clear(stores, viewer, query, reason)
    except TieoutError as error:
        raise fail(str(error), 1) from error


def rebuild() -> None:
    """Make the derived tables again from the audit lake."""
    from models.derivation.refresh import rebuild as again

    again(installation())
    print("the derived tables were made again from the audit lake")
