"""The firm's books as tables that marts join: the zone of each legal entity, and the period of each day where periods
are not months.

| table | says |
|---|---|
| `derived.state.legal_entity` | its `zone`, its fiscal `year`'s shape (none: months), its `weekend` (`67`: Sat, Sun) |
| `derived.state.book_holiday` | each `day` on which nobody works in a `legal_entity` by its calendar |
| `derived.state.fiscal_day` | of each `day` of such a `year` the `period` (YYYY-MM) and that one's first day |

A company that the catalogue does not name counts its days in UTC and its periods in months.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import duckdb
import pyarrow as pa

from models.catalogue import Books
from models.domain.periods import FiscalYear

YEARS = (1995, 2045)
"""Days beyond are in calendar months."""

_COMPANIES = pa.schema([(name, pa.string()) for name in ("legal_entity", "zone", "year", "weekend")])
_HOLIDAYS = pa.schema([("legal_entity", pa.string()), ("day", pa.date32())])
_DAYS = pa.schema([("year", pa.string()), ("day", pa.date32()), ("period", pa.string()), ("first", pa.date32())])


def open_books(connection: duckdb.DuckDBPyConnection, books: Books) -> None:
    """Lay the tables out anew; a few thousand rows for each fiscal year of weeks."""
    years = {one.calendar.year for one in books.legal_entities.values() if one.calendar.year.shape != "months"}
    companies = [
        (
            one.id,
            str(one.zone),
            _named(one.calendar.year) if one.calendar.year in years else None,
            "".join(str(day + 1) for day in sorted(one.calendar.weekend)),
        )
        for one in books.legal_entities.values()
    ]
    holidays = [(one.id, day) for one in books.legal_entities.values() for day in sorted(one.calendar.holidays)]
    _keep(connection, "legal_entity", companies, _COMPANIES)
    _keep(connection, "book_holiday", holidays, _HOLIDAYS)
    _keep(connection, "fiscal_day", [row for year in years for row in _days(year)], _DAYS)


def _days(year: FiscalYear) -> Iterable[tuple[Any, ...]]:
    for period in year.periods(*YEARS):
        for passed in range((period.last - period.first).days + 1):
            yield _named(year), period.first + timedelta(days=passed), period.name, period.first


def _named(year: FiscalYear) -> str:
    return f"{year.shape} {year.month} {year.weekday}"


def _keep(connection: duckdb.DuckDBPyConnection, name: str, rows: list[tuple[Any, ...]], schema: pa.Schema) -> None:
    table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
    connection.register("books_page", table)
    connection.execute(f"CREATE OR REPLACE TABLE derived.state.{name} AS SELECT * FROM books_page")
    connection.unregister("books_page")
