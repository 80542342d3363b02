"""What each detector's last report said, as one digest, so that a report without news is known without its findings.

While a report is being written down the digest is the token of who writes: a second collector that begins in between
puts its own there, and the first notices before its next transaction and looks again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import sqlalchemy as sa

from models.journal.cases.tables import fx_rate, report

RATES = ""
"""The line of the exchange rates, which is no detector's name."""


def marks_of(connection: sa.Connection, names: Iterable[str]) -> dict[str, str]:
    """The marks of these detectors, as far as they ever reported."""
    found = connection.execute(sa.select(report.c.detector, report.c.digest).where(report.c.detector.in_(list(names))))
    return {detector: digest for detector, digest in found}


def set_marks(connection: sa.Connection, marks: Mapping[str, str]) -> None:
    connection.execute(sa.delete(report).where(report.c.detector.in_(list(marks))))
    if marks:
        rows = [{"detector": detector, "digest": digest} for detector, digest in marks.items()]
        connection.execute(sa.insert(report), rows)


def rates_of(connection: sa.Connection) -> dict[str, Decimal]:
    """Units of the reporting currency for one unit of each currency, as they were last reported."""
    return {row.currency: Decimal(row.rate) for row in connection.execute(sa.select(fx_rate))}


def set_rates(connection: sa.Connection, rates: Mapping[str, Decimal]) -> None:
    connection.execute(sa.delete(fx_rate))
    if rates:
        connection.execute(
            sa.insert(fx_rate), [{"currency": name, "rate": str(rate)} for name, rate in sorted(rates.items())]
        )
