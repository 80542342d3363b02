"""Fixtures of readings: a filled home as this release has it, its cases found by this release's detectors."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.derivation.refresh import refresh
from models.domain.clock import clock_at, set_world_clock
from models.journal import open_journal
from models.lake.connection import connect
from tests.catalogues import demonstration
from tests.detecting import reported
from tests.homes import unpacked_home_0_1_0  # noqa: F401
from tests.unit.lake.samples import settings_at


@pytest.fixture(scope="session")
def filled_home(
    unpacked_home_0_1_0: Path,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The home of release 0.1.0 as the collector of this one has it after its first turns; only to be read."""
    home = Path(shutil.copytree(unpacked_home_0_1_0, tmp_path_factory.mktemp("filled") / "home"))
    settings, catalogue = settings_at(home), demonstration()
    lake = connect(settings, marts="write")
    (newest,) = lake.execute("SELECT epoch(max(observed_at)) FROM observations").fetchone()
    set_world_clock(home / "clock.json", datetime.fromtimestamp(newest, UTC))
    os.utime(home / "clock.json", (0, 0))  # it stands
    clock = clock_at(home / "clock.json")
    with closing(lake), closing(open_journal(settings.journal_address, clock)) as journal:
        for _ in range(2):  # what was found in the first turn is what the figures rest on in the second
            refresh(lake, catalogue.reporting_currency, clock)
            reported(lake, journal, clock)
        refresh(lake, catalogue.reporting_currency, clock)
    return home
