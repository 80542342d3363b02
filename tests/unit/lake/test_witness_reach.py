"""What stands beside the verdict: a witness in reach of whoever changed the lake attests little (A8)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from models.lake.witness_reach import attested, in_home
from tests.unit.lake.samples import settings_at


def test_the_homes_own_is_in_reach_also_by_a_link(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home")
    (tmp_path / "home" / "witness").mkdir(parents=True)
    (tmp_path / "elsewhere").symlink_to(tmp_path / "home" / "witness")
    for place in (None, tmp_path / "elsewhere" / "checkpoints.txt"):
        assert "in reach of whoever could change the lake" in attested(settings, place, ["note"])
    assert "TIEOUT_WITNESS" in attested(settings, None, ["note"])


def test_one_that_this_account_may_write_to_is_worth_what_its_place_promises(tmp_path: Path) -> None:
    place = tmp_path / "share"
    place.mkdir()
    settings = settings_at(tmp_path / "home", witness=place)
    assert "attests nothing yet" in attested(settings, None, [])
    assert "this account may write there" in attested(settings, None, ["note"])


def test_one_that_it_may_not_write_to_is_out_of_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "share"
    place.mkdir()
    monkeypatch.setattr(os, "access", lambda file, mode: False)
    said = attested(settings_at(tmp_path / "home", witness=place), None, ["note", "note"])
    assert said == f"witness {place}: 2 checkpoints, out of reach of this account"


def test_beside_the_lakes_files_is_no_other_place(tmp_path: Path) -> None:
    settings = settings_at(tmp_path / "home", lake_data=str(tmp_path / "data"))
    assert in_home(settings, tmp_path / "data" / "witness.txt")
    assert not in_home(settings, tmp_path / "witness.txt")
