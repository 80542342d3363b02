"""Senders show a token of which only the hash is kept; it is scoped, paced and can be revoked (C10, G3)."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.cli.output import Format
from app.cli.senders import show
from collectors.credentials import Credentials, Refused
from collectors.doorkeeper import Doorkeeper
from collectors.exposure import telemetry_door
from models.domain.errors import Misconfigured
from models.domain.signature import bearer
from models.door import Exposure
from models.senders import SCOPES, SenderBook
from models.settings import Settings

pytestmark = pytest.mark.req("C10", "G3")
NOW = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
KEY = bytes(32)


@dataclass
class Hand:
    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def door(settings: Settings, required: bool = True, rate: float = 0.0, clock: Hand | None = None) -> Credentials:
    return Credentials(SenderBook(settings), KEY, clock or Hand(), required, rate)


def status(credentials: Credentials, authorization: str | None, scope: str = "traces") -> int:
    try:
        credentials.sender(authorization, scope, "10.0.0.9")
    except Refused as refusal:
        return refusal.status
    return 200


def test_a_token_opens_what_it_is_for_until_it_is_revoked(settings: Settings) -> None:
    """Also in a collector that runs: it reads the file again when it moved."""
    running, book = door(settings), SenderBook(settings)
    token = book.add("ipaas", ("traces",), "operator", NOW)
    assert running.sender(f"Bearer {token}", "traces", "") == "ipaas"
    assert status(running, f"bearer {token}") == 200
    assert status(running, f"Bearer {token}", "logs") == 403
    book.revoke("ipaas", "operator", NOW)
    assert status(running, f"Bearer {token}") == 401
    assert book.add("ipaas", SCOPES, "operator", NOW) != token, "the name is free again"


@pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", "Basic dXNlcjpwdw==", "Bearer \u00e9"])
def test_without_a_token_nobody_sends_from_elsewhere_and_a_wrong_one_opens_nothing(
    settings: Settings, given: str | None
) -> None:
    assert status(door(settings), given) == 401
    assert status(door(settings, required=False), given) == (200 if given is None else 401)


def test_what_a_proxy_brings_is_from_another_machine_also_where_nobody_named_the_proxy(settings: Settings) -> None:
    """A proxy put before a collector on loopback would else open it to whoever reaches the proxy."""
    open_here = door(settings, required=False)
    keeper = Doorkeeper(telemetry_door(settings), Exposure(None, False), open_here)
    assert keeper.sender({}, "traces", "127.0.0.1") is None
    with pytest.raises(Refused, match="TIEOUT_OTLP_PROXY"):
        keeper.sender({"x-forwarded-for": "203.0.113.9"}, "traces", "127.0.0.1")
    token = SenderBook(settings).add("ipaas", ("traces",), "operator", NOW)
    named = {"x-forwarded-for": "203.0.113.9", "authorization": f"Bearer {token}"}
    assert keeper.sender(named, "traces", "127.0.0.1") == "ipaas"


def test_the_engine_of_the_installation_needs_no_sender(settings: Settings) -> None:
    assert door(settings).sender(f"Bearer {bearer(KEY)}", "logs", "") == "engine"


def test_only_the_hash_is_kept_in_a_file_of_its_owners_alone(settings: Settings) -> None:
    token = SenderBook(settings).add("ipaas", SCOPES, "operator", NOW)
    file = settings.home / "keys" / "senders.json"
    assert token not in file.read_text() and token.removeprefix("tieout_") not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_when_a_sender_was_last_heard_is_listed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    token = SenderBook(settings).add("ipaas", SCOPES, "operator", NOW)
    credentials = door(settings)
    credentials.sender(f"Bearer {token}", "logs", "")
    credentials.keep_seen()
    monkeypatch.setenv("TIEOUT_HOME", str(settings.home))
    show(Format.csv)
    assert f'ipaas,"traces, logs, events",{NOW.isoformat()},operator,{NOW.isoformat()},' in capsys.readouterr().out


def test_a_sender_is_paced_and_the_others_are_not(settings: Settings) -> None:
    book, clock = SenderBook(settings), Hand()
    fast, slow = (f"Bearer {book.add(name, SCOPES, 'operator', NOW)}" for name in ("fast", "slow"))
    credentials = door(settings, rate=2.0, clock=clock)
    assert [status(credentials, fast) for _ in range(21)] == [200] * 20 + [429]
    assert status(credentials, slow) == 200
    clock.at += timedelta(seconds=1)
    assert [status(credentials, fast) for _ in range(3)] == [200, 200, 429]


@pytest.mark.parametrize(("name", "scopes"), [("", SCOPES), ("A b", SCOPES), ("../x", SCOPES), ("ok", ("profiles",))])
def test_a_name_or_scope_that_cannot_be_is_refused(settings: Settings, name: str, scopes: tuple[str, ...]) -> None:
    with pytest.raises(Misconfigured):
        SenderBook(settings).add(name, scopes, "operator", NOW)


def test_a_sender_that_is_there_or_is_not_is_told_apart(settings: Settings) -> None:
    book = SenderBook(settings)
    book.add("ipaas", SCOPES, "operator", NOW)
    with pytest.raises(Misconfigured, match="there is a sender"):
        book.add("ipaas", SCOPES, "operator", NOW)
    with pytest.raises(Misconfigured, match="no sender 'other'"):
        book.revoke("other", "operator", NOW)
    (settings.home / "keys" / "senders.json").write_text("{")
    assert status(door(settings), "Bearer x") == 503
