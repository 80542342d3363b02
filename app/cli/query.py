"""`tieout sql` and `tieout rebuild`: any read of the stores, and the derived tables made again."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime

from app.cli.installation import installation
from app.cli.output import Format, fail, print_rows
from models.lake.reader import open_reader


def sql(query: str, form: Format, as_of: datetime | None) -> None:
    """Print the rows of one read-only statement; a statement that writes is refused with status 2."""
    moment = as_of.replace(tzinfo=as_of.tzinfo or UTC) if as_of else None
    with closing(open_reader(installation(), as_of=moment)) as reader:
        try:
            rows = reader.rows(query)
        except Exception as error:
            raise fail(str(error), 2) from error
    print_rows(rows, form)


def rebuild() -> None:
    """Make the derived tables again from the audit lake."""
    from models.derivation.refresh import rebuild as again

    again(installation())
    print("the derived tables were made again from the audit lake")
