"""A writer to be killed: appends batches and prints each number once it is acknowledged.

`python -m tests.fault.lake.appending <home> <first number> [maintain]`
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from models.lake.writer import open_writer
from tests.unit.lake.samples import HandClock, records, settings_at, spans


def main() -> None:
    home, first = Path(sys.argv[1]), int(sys.argv[2])
    writer = open_writer(settings_at(home), HandClock())
    for number in range(first, first + 10_000):
        writer.append({"spans": spans(200, number * 200), "records": records(3, number * 3)}, "otlp", number)
        print(number, flush=True)
        if number % 3 == 0:
            writer.checkpoint()
        if number % 5 == 0 and "maintain" in sys.argv:
            writer.maintain(timedelta(0), timedelta(0))


if __name__ == "__main__":
    main()
