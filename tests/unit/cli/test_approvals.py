"""What takes two people, from a terminal: who acts there, what a replay waits for, and nobody approves their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from app.cli.main import cli
from models.domain.errors import TieoutError
from models.journal import open_journal
from models.keys.keyring import Keyring
from models.settings import Settings
from tests.unit.engine.hostile import HandClock
from tests.unit.engine.test_second_person import Books

RATE = 'bill_rate={"amount": "100", "currency": "EUR"}'
PROVIDER = {"TIEOUT_OIDC_METADATA_URL": "https://id.example/.well-known/openid-configuration"}


class Terminal:
    """Commands in one home."""

    def __init__(self, home: Path) -> None:
        self.home = home
        url, keys = f"sqlite:///{home / 'journal.sqlite'}", Keyring(Settings(home=home))
        self.books = Books(open_journal(url, HandClock(), keys=keys), HandClock())
        self.ask = ("replay", *self.books.dead, "--from", "start", "--set", RATE)

    def run(self, *words: str, **more: str) -> Result:
        known = {"TIEOUT_HOME": str(self.home), "TIEOUT_DEV_USER": "Demo operator", **more}
        done = CliRunner().invoke(cli, list(words), env=known)
        assert done.exception is None or isinstance(done.exception, SystemExit | TieoutError), done.output
        return done

    def asked(self, *words: str) -> dict[str, Any]:
        done = self.run(*self.ask, "--reason", "the rate was wrong", *words)
        assert done.exit_code == 1, done.output
        said: dict[str, Any] = json.loads(done.output)
        return said


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.mark.req("E4", "X9", "G1")
def test_a_replay_says_what_it_waits_for_and_another_person_lets_it_begin(terminal: Terminal) -> None:
    said = terminal.asked()
    assert (said["state"], said["waits_for"]) == ("asked", "a second person")
    assert said["because"] == ["the correction changes bill_rate: labour rate"]
    (row,) = json.loads(terminal.run("requests", "--format", "json").output)
    assert (row["request_id"], row["hash"], row["mine"]) == (said["request_id"], said["hash"], True)
    decide = (said["request_id"], "--words", "agreed")
    approve = ("approve", *decide, "--hash", said["hash"])
    for words in (approve, (*approve, "--as", "demo  OPERATOR"), ("refuse", *decide)):
        done = terminal.run(*words)
        assert done.exit_code == 1 and "you asked for this yourself" in done.output
    assert terminal.run(*approve[:-1], "0" * 64, "--as", "ben").exit_code == 1
    assert terminal.run(*approve, "--as", "ben").exit_code == 0
    terminal.books.engine.drain()
    assert terminal.books.state(said["request_id"]) == "done"
    assert terminal.run(*approve, "--as", "cleo").exit_code == 1, "it is decided once"


@pytest.mark.req("E4", "G1")
def test_where_people_sign_in_a_terminal_proves_nobody(terminal: Terminal) -> None:
    """G1: neither asking nor approving: the home's owner could be either."""
    done = terminal.run(*terminal.ask, "--reason", "r", **PROVIDER)
    assert done.exit_code == 2 and "console's pages" in done.output
    said = terminal.asked()
    approve = ("approve", said["request_id"], "--words", "w", "--hash", said["hash"])
    assert terminal.run(*approve, **PROVIDER).exit_code == 2
    assert terminal.run(*approve, "--as", "ben", **PROVIDER).exit_code == 2
    assert terminal.books.state(said["request_id"]) == "asked"


@pytest.mark.req("E4", "G1")
def test_roles_decide_who_may_approve_and_who_asked_takes_it_back(terminal: Terminal) -> None:
    said = terminal.asked()
    approve = ("approve", said["request_id"], "--words", "w", "--hash", said["hash"], "--as", "ben")
    done = terminal.run(*approve, TIEOUT_DEV_ROLES="executive")
    assert done.exit_code == 2 and "approve a replay" in done.output
    assert terminal.run("withdraw", said["request_id"], "--as", "ben").exit_code == 1
    assert terminal.run("withdraw", said["request_id"]).exit_code == 0
    assert terminal.books.state(said["request_id"]) == "withdrawn"
    decided = json.loads(terminal.run("requests", "--decided", "--format", "json").output)
    assert [row["decision"] for row in decided] == ["withdrawn"]


@pytest.mark.req("E4")
def test_without_a_reason_nothing_is_asked(terminal: Terminal) -> None:
    done = terminal.run("approve", "nothing", "--hash", "0" * 64, "--words", "w")
    assert done.exit_code == 2 and "waits for a second person" in done.output
    done = terminal.run("write-off", "TE-1", "--reason", " ")
    assert done.exit_code == 2
    assert terminal.books.journal.requests.count("waiting") == 0
