"""Whether it ties out: control totals of each joint, and the records behind them (X12)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from app.readings.page import Page
from app.readings.reading import rows
from app.readings.stores import Stores
from app.readings.tieout.question import TotalsQuestion
from app.readings.tieout.rows import Closing, Ending, Firm, Joint, Month, Record, Restated, SealedTotals, Seen, Totals
from app.readings.viewer import Viewer
from models.sql_statements import statements

NOTHING = Closing(0, Decimal(0), 0, Decimal(0), 0, Decimal(0))
SQL = statements(Path(__file__).with_name("tieout.sql"))


def totals(stores: Stores, viewer: Viewer, wanted: TotalsQuestion) -> tuple[Totals, ...]:
    """Control totals, the newest month first: those of now, or those that were sealed at the end of a day."""
    lists = {"flows": list(wanted.flow), "kinds": list(wanted.entity), "firms": list(wanted.legal_entity)}
    if wanted.as_of:
        asked = {"period": wanted.period, "as_of": wanted.as_of, **lists}
        return rows(stores, viewer, SQL["sealed"], SealedTotals, **asked)
    return rows(stores, viewer, SQL["totals"], Totals, period=wanted.period, **lists)


def restated(stores: Stores, viewer: Viewer, period: str = "", firms: Sequence[str] = ()) -> tuple[Restated, ...]:
    """Totals of months that had ended when they changed, the newest first; a hundred at most."""
    return rows(stores, viewer.among(firms), SQL["restated"], Restated, period=period, limit=100)


def joints(stores: Stores, viewer: Viewer, period: str = "", firms: Sequence[str] = ()) -> tuple[Joint, ...]:
    """Each joint of a month, or of all, in the reporting currency; the most money first."""
    return rows(stores, viewer.among(firms), SQL["joints"], Joint, period=period)


def records(
    stores: Stores,
    viewer: Viewer,
    period: str = "",
    entity: str = "",
    place: str = "",
    firms: Sequence[str] = (),
    page: Page = Page(50),
) -> tuple[Record, ...]:
    """What did not land: what nobody accounts for comes first, then the most money."""
    asked = {"period": period, "kind": entity, "place": place, "limit": page.size, "offset": page.offset}
    return rows(stores, viewer.among(firms), SQL["records"], Record, **asked)


def closing(stores: Stores, viewer: Viewer, period: str, firms: Sequence[str] = ()) -> Closing:
    """What of a month is not settled yet."""
    found = rows(stores, viewer.among(firms), SQL["closing"], Closing, month=period)
    return found[0] if found else NOTHING


def periods(stores: Stores, viewer: Viewer) -> tuple[str, ...]:
    """The months of which something was compared, the newest first."""
    return tuple(row.period for row in rows(stores, viewer, SQL["periods"], Month))


def ends(stores: Stores, viewer: Viewer, period: str, firms: Sequence[str] = ()) -> tuple[Ending, ...]:
    """When a period ends for each of these companies."""
    return rows(stores, viewer.among(firms), SQL["ends"], Ending, month=period)


def firms(stores: Stores, viewer: Viewer) -> tuple[str, ...]:
    """The companies of which something was compared, by name."""
    return tuple(row.legal_entity for row in rows(stores, viewer, SQL["firms"], Firm))


def systems(stores: Stores, viewer: Viewer) -> tuple[Seen, ...]:
    """Up to when the lake shows what each system held, the oldest first."""
    return rows(stores, viewer, SQL["systems"], Seen)
