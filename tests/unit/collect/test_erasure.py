"""What is derived holds no value of whoever was erased, from the next turn on, though nothing else moved (C7)."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pytest

from collectors.detecting import Detecting
from collectors.detectors.turn import Turn
from models.catalogue import load_catalogue
from models.keys.keyring import Keyring
from models.keys.sealing import sealed
from models.lake.reader import open_reader
from models.lake.schema import TABLES
from models.lake.writer import open_writer
from models.settings import Settings
from tests.unit.lake.samples import START, HandClock, settings_at


def paid(settings: Settings, *people: str) -> None:
    """The lake has what these people cost."""
    shown = {"observed_at": START, "recorded_at": START, "system": "workday", "role": "hcm", "entity": "resource"}
    rows = [
        {
            **shown,
            "snapshot_id": "s",
            "system_id": key,
            "key": key,
            "present": True,
            "digest": key,
            "fields": json.dumps(
                sealed(Keyring(settings), {"cost_rate": {"amount": "61.00", "currency": "EUR"}}, "resource", key)
            ),
        }
        for key in people
    ]
    with closing(open_writer(settings, HandClock())) as writer:
        writer.append({"observations": pa.Table.from_pylist(rows, TABLES["observations"])}, "observations", 1)


def rates(settings: Settings) -> dict[str, str]:
    with closing(open_reader(settings)) as reader:
        rows = reader.rows("SELECT key, CAST(cost_rate AS VARCHAR) AS rate FROM mart_state_resource ORDER BY key")
    return {row["key"]: row["rate"] for row in rows}


@pytest.mark.req("C7")
def test_a_turn_after_an_erasure_derives_everything_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.keys.keyring.FORGOTTEN_SECONDS", 0.0)
    settings = settings_at(tmp_path / "home")
    paid(settings, "R-1", "R-2")
    detecting = Detecting(settings, load_catalogue(settings), HandClock())
    detecting.found(Turn())
    assert rates(settings) == {"R-1": "61.00", "R-2": "61.00"}
    Keyring(settings).erase(("person", "R-1"), START.isoformat())
    detecting.found(Turn())
    assert rates(settings) == {"R-1": None, "R-2": "61.00"}
    detecting._close()
