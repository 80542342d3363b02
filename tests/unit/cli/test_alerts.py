"""`tieout alerts`: an audience is tried over its road, what was told is listed, doctor names what is missing (X10)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli import doctor
from app.cli.main import cli
from models.alerting.alerting import Alerting
from models.catalogue import load_catalogue
from models.domain.alert import Alert
from models.settings import Settings
from tests.alerting import SECRET, Receiver
from tests.unit.cli.test_commands import installed

pytestmark = pytest.mark.req("X10")
AUDIENCES = '[[audience]]\nname = "ops"\nroads = ["hook"]\n[[audience]]\nname = "nobody"\n'


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as listening:
        yield listening


@pytest.fixture
def tieout(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command in this process, with settings of its own."""

    def asked(home: Path, *words: str, **given: str) -> Result:
        with monkeypatch.context() as shell:
            for name, value in {"TIEOUT_HOME": str(home), **given}.items():
                shell.setenv(name, value)
            return CliRunner().invoke(cli, words)

    return asked


def catalogue(folder: Path, url: str) -> str:
    folder.mkdir()
    (folder / "audiences.toml").write_text(AUDIENCES)
    (folder / "roads.toml").write_text(f'[[road]]\nname = "hook"\nwebhook = "{url}"\nsecret = "ACME_SECRET"\n')
    return str(folder)


def test_an_audience_is_tried_and_alerts_are_listed(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tieout: Callable[..., Result]
) -> None:
    monkeypatch.setattr("models.alerting.alerting.TURN_SECONDS", 0.1)
    folder, home = catalogue(tmp_path / "catalogue", receiver.url), tmp_path / "home"
    journal = installed(home)
    settings = Settings(home=home, catalogue=Path(folder))
    alerting = Alerting(settings, lambda: (load_catalogue(settings), journal), "one", {"ACME_SECRET": SECRET})
    alerting.start()
    done = tieout(home, "alerts", "test", "ops", "--format", "json", TIEOUT_CATALOGUE=folder)
    alerting.stop(10.0)
    [row] = json.loads(done.stdout)
    [(alert_id, told)] = receiver.taken
    assert (done.exit_code, row["state"], row["alert_id"]) == (0, "delivered", alert_id)
    assert told["type"] == "tieout.test" and "Nothing has happened" in told["data"]["text"]
    listed = tieout(home, "alerts", "--format", "json", TIEOUT_CATALOGUE=folder)
    assert [one["kind"] for one in json.loads(listed.stdout)] == ["test"]
    silent = tieout(home, "alerts", "test", "ops", "--wait", "0", TIEOUT_CATALOGUE=folder)
    assert silent.exit_code == 1 and "nobody has sent it yet" in silent.stderr
    for audience, words in (("cfo", "there is no audience cfo; there is ops, nobody"), ("nobody", "has no road")):
        refused = tieout(home, "alerts", "test", audience, TIEOUT_CATALOGUE=folder)
        assert refused.exit_code == 2 and words in refused.stderr
    actions = [record.body["action"] for page in journal.feed.read(0) for record in page.records if record.actor]
    journal.close()
    assert actions.count("alert tried") == 2


def test_doctor_names_who_cannot_be_reached(tmp_path: Path) -> None:
    folder, home = catalogue(tmp_path / "catalogue", "https://hooks.acme.example/"), tmp_path / "home"
    journal = installed(home)
    settings = Settings(home=home, catalogue=Path(folder))
    ops = load_catalogue(settings).audiences[0]
    [alert_id] = journal.alerts.put(ops, Alert("test", "a test", "of alerts", {}), {})
    for _ in range(2):
        journal.alerts.failed(alert_id, "the receiver answers 500", timedelta(minutes=1))
    journal.close()
    told = dict(_swapped(doctor._alerts(settings)))
    assert told == {
        "audience nobody has no road: name one in audiences.toml": False,
        "alert road hook: set the environment variable ACME_SECRET, here and where we run": False,
        "alert road hook: the receiver answers 500; `tieout alerts` lists what waits": False,
    }
    nobody = Settings(home=home), Settings(home=home, environment="production")
    assert [[holds for holds, _ in doctor._alerts(one)] for one in nobody] == [[True], [False]]


def _swapped(findings: Iterable[doctor.Finding]) -> Iterator[tuple[str, bool]]:
    yield from ((sentence, holds) for holds, sentence in findings)
