"""`tieout export`: the whole audit lake as plain Parquet, proven once it is written."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from app.cli.installation import installation
from app.cli.verify import as_text
from app.readings.stores import Stores
from app.readings.viewer import owner_viewer
from app.readings.whole_lake import handed_out
from models.domain.clock import SystemClock
from models.lake.export import export as written
from models.lake.verify_export import verify_export


def export(folder: Path, reason: str) -> int:
    """Write it for the home's owner, who says why; 0 when it is whole, 1 when the lake it was made of is not."""
    settings = installation(journal=True)
    with closing(Stores(settings)) as stores:
        handed_out(stores, owner_viewer(settings), folder, reason)
    stated = written(settings, folder, SystemClock())
    report = verify_export(folder)
    print(
        f"{stated.rows:,} rows of batches 1 to {stated.last_batch:,} in {stated.files:,} files: {folder / 'README.md'}"
    )
    print(as_text(report))
    return 0 if report.sound else 1
