"""A data folder that is gone or not ours is told before an append fails there (A14)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models.lake.data_place import fault_of
from tests.unit.lake.samples import filled, settings_at


def test_a_folder_that_is_gone_or_closed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_at(tmp_path / "home", lake_data=str(tmp_path / "mounted"))
    assert fault_of(settings) is None, "nothing was collected yet"
    filled(settings, batches=1, rows=3).close()
    assert fault_of(settings) is None
    monkeypatch.setattr("os.access", lambda place, rights: False)
    assert "cannot be written" in (fault_of(settings) or "")
    shutil.rmtree(tmp_path / "mounted")
    assert "is gone" in (fault_of(settings) or "")
