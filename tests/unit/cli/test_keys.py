"""`tieout keys`: for who keeps the installation, with a reason, and in the audit lake (G2, C7)."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli.main import cli
from app.readings import keeping_keys
from app.readings.clear import NotCleared
from app.readings.stores import Stores
from app.readings.viewer import Viewer
from models.canonical.classification import DataClass
from models.domain.errors import Misconfigured
from models.journal import open_journal
from models.keys.keyring import ERASED, Keyring
from models.settings import Settings
from tests.unit.cli.test_commands import installed
from tests.unit.engine.hostile import HandClock
from tests.unit.journal.test_sealing import arrival

pytestmark = pytest.mark.req("G2")
WHY = ("--reason", "the year's audit")
RATE = '"61.53"'


@pytest.fixture
def home(tmp_path: Path) -> Path:
    installed(tmp_path / "home").close()
    return tmp_path / "home"


@pytest.fixture
def tieout(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command in this process."""

    def asked(*words: str, **given: str) -> Result:
        with monkeypatch.context() as shell:
            for name, value in {"TIEOUT_HOME": str(home), **given}.items():
                shell.setenv(name, value)
            return CliRunner().invoke(cli, words)

    return asked


def kept(home: Path) -> list[tuple[str | None, object]]:
    """What the audit lake will say of the keys."""
    with closing(installed(home)) as journal:
        told = [record for page in journal.feed.read(0) for record in page.records]
    return [(one.status, (one.body or {}).get("reason")) for one in told if one.business_key == "keys"]


def keyring(home: Path) -> Keyring:
    return Keyring(Settings(home=home))


def test_keys_are_rotated_lost_and_restored_and_each_is_kept(
    home: Path, tieout: Callable[..., Result], tmp_path: Path
) -> None:
    sealed = keyring(home).seal(("person", "R-1"), RATE, DataClass.LABOUR_RATE)
    folder = str(tmp_path / "backup")
    for words in (("rotate",), ("backup", folder)):
        done = tieout("keys", *words, *WHY)
        assert done.exit_code == 0, done.output
    for name in ("values.key", "subjects.sqlite"):
        (home / "keys" / name).unlink()
    done = tieout("keys", "restore", folder, *WHY)
    assert done.exit_code == 0 and "1 keys were missing and are back" in done.output
    assert keyring(home).opened(sealed) == RATE
    assert kept(home) == [(f"keys_{what}", WHY[1]) for what in ("rotated", "backed_up", "restored")]


@pytest.mark.req("C7")
def test_who_is_erased_is_named_nowhere_from_then_on(home: Path, tieout: Callable[..., Result]) -> None:
    sealed = keyring(home).seal(("person", "R-1"), RATE, DataClass.LABOUR_RATE)
    [before] = json.loads(tieout("keys", "list", "--format", "json").output)
    assert (before["kind"], before["name"], before["erased"]) == ("person", "R-1", None)
    assert tieout("keys", "erase", "person", "R-1", *WHY).exit_code == 0
    [after] = json.loads(tieout("keys", "list", "--format", "json").output)
    assert (after["subject"], after["name"]) == (before["subject"], None) and after["erased"]
    assert keyring(home).opened(sealed) == ERASED and kept(home) == [("keys_erased", WHY[1])]
    again = tieout("keys", "erase", "person", "R-1", *WHY)
    assert again.exit_code != 0 and kept(home) == [("keys_erased", WHY[1])]


def test_what_an_earlier_release_left_in_clear_is_sealed_and_recorded(
    home: Path, tieout: Callable[..., Result]
) -> None:
    with closing(open_journal(Settings(home=home).journal_address, HandClock())) as old:
        old.runs.admit([arrival("T-1")])
    done = tieout("keys", "seal", *WHY)
    assert done.exit_code == 0 and "run: 1 rows sealed" in done.output and "tieout keys backup" in done.output, (
        done.output
    )
    with closing(installed(home)) as journal:
        told = [one for page in journal.feed.read(0) for one in page.records if one.status == "values_sealed"]
    assert [(one.body["rows"]["event"], one.body["clear_up_to_batch"]) for one in told] == [(1, 0)]


def test_nobody_else_keeps_keys_and_nobody_without_saying_why(home: Path, tieout: Callable[..., Result]) -> None:
    done = tieout("keys", "rotate", *WHY, TIEOUT_DEV_ROLES="finance,auditor")
    assert done.exit_code == 2 and not (home / "keys" / "values.key").exists()
    with closing(Stores(Settings(home=home))) as stores:
        with pytest.raises(NotCleared):
            keeping_keys.listed(stores, Viewer("eve", frozenset({"finance"})))
        with pytest.raises(Misconfigured, match="--reason"):
            keeping_keys.rotate(stores, Viewer("ada", frozenset({"administrator"})), " ")
    assert kept(home) == []
