"""`tieout trace` finds a journey by the digits of an id that the console and other commands show."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from models.lake.schema import TABLES
from models.lake.writer import open_writer
from tests.unit.cli.test_commands import tieout
from tests.unit.lake.samples import START, HandClock, settings_at

RUN, JOURNEY = "5f0c31d2" + "a" * 24, "77aa00bb" + "c" * 24


@pytest.fixture
def home(tmp_path: Path) -> Path:
    writer = open_writer(settings_at(tmp_path), HandClock())
    row = {"record_id": "r-1", "recorded_at": START, "occurred_at": START, "kind": "failure", "run_id": RUN, "correlation_id": JOURNEY, "error_code": "closed-period", "body": "{}"}
    writer.append({"records": pa.Table.from_pylist([row], TABLES["records"])}, "feed", 1)
    writer.close()
    return tmp_path


@pytest.mark.req("O2")
@pytest.mark.parametrize("key", [RUN, RUN[:8], JOURNEY[:9].upper()])
def test_eight_digits_are_enough(home: Path, key: str) -> None:
    done = tieout(home, "trace", key)
    assert done.returncode == 0 and "closed-period" in done.stdout


@pytest.mark.parametrize("key", [RUN[:7], "zz" + RUN[2:10]])
def test_fewer_digits_and_other_letters_find_nothing(home: Path, key: str) -> None:
    done = tieout(home, "trace", key)
    assert done.returncode == 1 and "8 or more digits" in " ".join(done.stderr.split())
