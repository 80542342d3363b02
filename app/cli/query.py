"""`tieout sql` and `tieout rebuild`: any read of the stores, and the derived tables made again."""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime

from app.cli.installation import installation
from app.cli.output import Format, fail, print_rows
from app.readings.clear import NOTHING, asked_clear, audit
from app.readings.sql import LONGEST, masked_statement, seen, shown_rows
from app.readings.stores import Stores
from app.readings.viewer import owner_viewer
from models.lake.reader import open_reader


def sql(query: str, form: Format, as_of: datetime | None, clear: bool = False, reason: str = "") -> None:
    """Print the rows of one read-only statement; a statement that writes is refused with status 2.

    Money that the asker's roles are not cleared for is empty, and said so; that others saw theirs is kept. What the
    stores hold sealed is `•••`, and so are rates, pay and values in bodies that an earlier release kept in clear:
    `clear` opens them for who may see them, and keeps who did and the `reason`.
    """
    moment = as_of.replace(tzinfo=as_of.tzinfo or UTC) if as_of else None
    settings = installation()
    viewer = owner_viewer(settings)
    with closing(Stores(settings)) as stores, closing(open_reader(settings, as_of=moment)) as reader:
        classes = asked_clear(stores, viewer, "sql", reason, asked=query[:LONGEST]) if clear else NOTHING
        try:
            masked, hidden = masked_statement(query, viewer)
            rows = shown_rows(stores, reader.rows(masked), classes)
        except Exception as error:
            raise fail(str(error), 2) from error
        if told := seen(query, viewer.clear) if rows else ():
            audit(stores, viewer, "clear_values_seen", "sql", columns=told, asked=query[:LONGEST])
    if hidden:
        print(f"empty for your roles ({', '.join(sorted(viewer.roles))}): {', '.join(hidden)}", file=sys.stderr)
    print_rows(rows, form)


def rebuild() -> None:
    """Make the derived tables again from the audit lake."""
    from models.derivation.refresh import rebuild as again

    again(installation())
    print("the derived tables were made again from the audit lake")
