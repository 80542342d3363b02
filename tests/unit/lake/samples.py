"""Rows, settings and a clock for tests of the lake."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from models.lake.schema import TABLES
from models.lake.writer import LakeWriter, open_writer
from models.settings import Settings

START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)


class HandClock:
    """A clock that the test moves; each reading is a microsecond after the one before."""

    def __init__(self, moment: datetime = START) -> None:
        self.moment = moment

    def now(self) -> datetime:
        self.moment += timedelta(microseconds=1)
        return self.moment


def settings_at(home: Path, **more: Any) -> Settings:
    given = {"journal_url": None, "lake_catalog": None, "lake_data": None, "witness": None, **more}
    return Settings(home=home, **given)


def spans(rows: int, first: int = 0, moment: datetime = START) -> pa.Table:
    """`rows` spans whose ids begin at `first`; every fifth has a status message, so that NULL and text both occur."""
    numbers = range(first, first + rows)
    return pa.Table.from_pylist(
        [
            {
                "trace_id": f"{number // 8:032x}",
                "span_id": f"{number:016x}",
                "name": f"step {number % 7}",
                "service_name": "tieout-engine",
                "kind": 1,
                "start_time": moment + timedelta(microseconds=number),
                "end_time": moment + timedelta(microseconds=number + 10),
                "duration_us": 10,
                "status_code": 2 if number % 5 == 0 else 0,
                "status_message": f"refused | {number}" if number % 5 == 0 else None,
                "attributes": f'{{"business_key":"time_entry:TE-{number}"}}',
                "recorded_at": moment,
            }
            for number in numbers
        ],
        schema=TABLES["spans"],
    )


def records(rows: int, first: int = 0, moment: datetime = START) -> pa.Table:
    """`rows` records of kind acknowledgement, with amounts."""
    return pa.Table.from_pylist(
        [
            {
                "record_id": f"r-{number}",
                "recorded_at": moment,
                "occurred_at": moment,
                "kind": "acknowledgement",
                "business_key": f"time_entry:TE-{number}",
                "amount": f"{number}.50",
                "currency": "EUR",
                "body": "{}",
            }
            for number in range(first, first + rows)
        ],
        schema=pa.schema(
            [(field.name, pa.string() if field.name == "amount" else field.type) for field in TABLES["records"]]
        ),
    )


def filled(settings: Settings, batches: int = 12, rows: int = 50, clock: HandClock | None = None) -> LakeWriter:
    """An open writer over `batches` batches of spans and records from two writers, a checkpoint after every fourth."""
    writer = open_writer(settings, clock or HandClock())
    for number in range(1, batches + 1):
        tables = {"spans": spans(rows, number * rows), "records": records(7, number * 7)}
        writer.append(tables, "otlp" if number % 3 else "feed", number)
        if number % 4 == 0:
            writer.checkpoint()
    return writer
