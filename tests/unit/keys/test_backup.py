"""The keys of a home are lost and restored from a folder that somebody kept elsewhere (G2, C7)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from models.canonical.classification import DataClass
from models.domain.errors import Misconfigured
from models.keys.keyring import ERASED, Keyring
from models.settings import Settings

ANNA, BEN = ("person", "R-1"), ("person", "R-2")
RATE, PAID = '"85.00"', DataClass.LABOUR_RATE
NOW = "2026-11-30T00:00:00Z"


def keyring(home: Path) -> Keyring:
    """As another process opens it: it remembers nothing."""
    return Keyring(Settings(home=home))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def sealed(home: Path) -> str:
    return keyring(home).seal(ANNA, RATE, PAID)


@pytest.fixture
def folder(home: Path, sealed: str, tmp_path: Path) -> Path:
    """A backup of these keys."""
    assert keyring(home).back_up(tmp_path / "away" / "backup") == 1
    return tmp_path / "away" / "backup"


@pytest.mark.req("G2")
@pytest.mark.parametrize("lost", [("values.key",), ("subjects.sqlite",), ("values.key", "subjects.sqlite")])
def test_lost_keys_are_put_back_and_open_what_was_sealed(
    home: Path, sealed: str, folder: Path, lost: tuple[str, ...]
) -> None:
    for name in lost:
        (home / "keys" / name).unlink()
    with pytest.raises(Misconfigured, match="restore"):
        keyring(home).opened(sealed)
    assert keyring(home).restore(folder) == int("subjects.sqlite" in lost)
    assert keyring(home).opened(sealed) == RATE and keyring(home).seal(ANNA, RATE, PAID) == sealed
    assert keyring(home).restore(folder) == 0, "what is here stays"


def test_a_backup_is_its_owners_alone_and_overwrites_none(home: Path, folder: Path) -> None:
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert {oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {"0o600"}
    with pytest.raises(Misconfigured, match="new folder"):
        keyring(home).back_up(folder)


def test_keys_from_before_a_rotation_are_wrapped_anew(home: Path, sealed: str, folder: Path) -> None:
    other = keyring(home).seal(BEN, RATE, PAID)
    keyring(home).rotate()
    keyring(home).back_up(folder.with_name("newer"))
    (home / "keys" / "subjects.sqlite").unlink()
    assert keyring(home).restore(folder) == 1 and keyring(home).opened(sealed) == RATE
    assert keyring(home).restore(folder.with_name("newer")) == 1 and keyring(home).opened(other) == RATE


def test_an_older_master_key_is_not_put_beside_keys_that_a_newer_one_wrapped(home: Path, folder: Path) -> None:
    keyring(home).rotate()
    (home / "keys" / "values.key").unlink()
    with pytest.raises(Misconfigured, match="another installation"):
        keyring(home).restore(folder)
    assert not (home / "keys" / "values.key").exists()


@pytest.mark.req("C7")
def test_who_was_erased_since_stays_erased(home: Path, sealed: str, folder: Path) -> None:
    keyring(home).erase(ANNA, NOW)
    assert keyring(home).restore(folder) == 0 and keyring(home).opened(sealed) == ERASED


def test_what_is_no_backup_of_these_keys_changes_nothing(home: Path, sealed: str, folder: Path) -> None:
    (home / "keys" / "subjects.sqlite").unlink()
    foreign = keyring(home.with_name("foreign"))
    foreign.seal(BEN, RATE, PAID)
    foreign.back_up(folder.with_name("foreign"))
    shutil.copy(folder.with_name("foreign") / "values.key", folder / "values.key")
    for wrong, why in ((folder, "another installation"), (home, "no backup of keys")):
        with pytest.raises(Misconfigured, match=why):
            keyring(home).restore(wrong)
    assert keyring(home).subjects() == []


def test_it_can_be_told_whether_every_key_opens(home: Path, sealed: str) -> None:
    keyring(home).seal(BEN, RATE, PAID)
    assert keyring(home).sound() == 2
    (home / "keys" / "values.key").write_text(f"{bytes(64).hex()}\n")
    with pytest.raises(Misconfigured, match="another installation"):
        keyring(home).sound()
