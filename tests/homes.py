"""Fixtures: a filled home of an older release, unpacked where a test may change it."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import pytest

HOMES = Path(__file__).parent / "migration" / "homes"


@pytest.fixture(scope="session")
def unpacked_home_0_1_0(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of release 0.1.0 as it was packed: to be copied, never to be opened."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(HOMES / "home-0.1.0.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "home-0.1.0"


@pytest.fixture
def home_0_1_0(unpacked_home_0_1_0: Path, tmp_path: Path) -> Path:
    """A filled home of release 0.1.0 of the test's own; `migration/homes/home-0.1.0.json` tells what it holds."""
    return Path(shutil.copytree(unpacked_home_0_1_0, tmp_path / "home"))
