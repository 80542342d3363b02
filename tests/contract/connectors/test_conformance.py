"""The conformance programme can fail: each promise is broken once, and named."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from integrations.connectors import http
from integrations.connectors.ppm import CONNECTOR as Portfolio
from integrations.connectors.salesforce import CONNECTOR as Salesforce
from integrations.contracts.conformance import Recorder, conformance
from integrations.contracts.conformance.exchange import dump, load, read_body, write_body
from integrations.contracts.connector import Change, Named, Observation, Page, Role, SystemConfig, TargetState
from models.domain.clock import Clock, SystemClock
from models.domain.errors import Misconfigured
from models.domain.outcomes import Acknowledgement
from tests.unit.engine.hooked import Hooked, payload
from tests.unit.engine.hostile import event


def folder_of(vendor: str) -> Path:
    return Path(str(files(f"integrations.connectors.{vendor}"))) / "exchanges"


class Forgetful(Salesforce):
    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        page = super().poll(stream, cursor, limit)
        return replace(page, events=page.events[1:])


class Stuttering(Salesforce):
    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        page = super().poll(stream, cursor, limit)
        return replace(page, events=[*page.events, *page.events])


class Standing(Salesforce):
    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        page = super().poll(stream, cursor, limit)
        return replace(page, cursor=cursor) if page.more and cursor else page


class Uncanonical(Salesforce):
    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        page = super().poll(stream, cursor, limit)
        return replace(page, events=[event.model_copy(update={"data": {}, "source": "x"}) for event in page.events])


class Loose(Portfolio):
    def snapshot(self, entity: str) -> Iterator[Observation]:
        yield from (replace(one, key="", fields={"value": 1.5}) for one in super().snapshot(entity))


class Chatty(Portfolio):
    def check(self) -> str:
        super().check()
        return super().check()


class Idle(Portfolio):
    def check(self) -> str:
        return f"{self.config.name} answers and lists projects"


class Blabbing(Portfolio):
    def check(self) -> str:
        raise Misconfigured(f"the token {self.config.credentials['token']} is not accepted")


class Logging(Portfolio):
    def check(self) -> str:
        logging.getLogger("acme").debug("signing in with %s", self.config.credentials["token"])
        return super().check()


class Showing(Portfolio):
    def check(self) -> str:
        self._client.http.read("/check", {"token": self.config.credentials["token"]})
        return super().check()


class Raw(Portfolio):
    def check(self) -> str:
        raise KeyError("items")


class Doubling(Portfolio):
    made = 0

    def deliver(self, changes: Sequence[Change]) -> Any:
        Doubling.made += 1
        answers = super().deliver(changes)
        return [replace(one, system_id=str(self.made)) if isinstance(one, Acknowledgement) else one for one in answers]


class Short(Portfolio):
    def deliver(self, changes: Sequence[Change]) -> Any:
        return list(super().deliver(changes))[1:]


class Answering(Portfolio):
    def deliver(self, changes: Sequence[Change]) -> Any:
        return ["done" for _ in super().deliver(changes)]


class Blind(Portfolio):
    def find(self, changes: Sequence[Change]) -> Any:
        return [None for _ in super().find(changes)]


class Wide(Portfolio):
    def state(self, change: Change) -> TargetState:
        state = super().state(change)
        return replace(state, current={"else": "1"})


class Boasting(Portfolio):
    streams = ("ghosts",)
    bulk_limit = {**Portfolio.bulk_limit, "invoice": 1}


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (Forgetful, "poll-accounts: turn 0 gave "),
        (Stuttering, "names an event twice"),
        (Standing, "says that there is more and does not move on"),
        (Uncanonical, "is not canonical"),
        (Uncanonical, "does not say where it is from: source x"),
        (Loose, "is a float"),
        (Loose, "has no key or no id"),
        (Chatty, "check: turn 0 asked GET /portfolio/api/v1/projects?limit=200&offset=0, which was not recorded"),
        (Idle, "check: turn 0 did not ask GET /portfolio/api/v1/projects?limit=200&offset=0, as recorded"),
        (Blabbing, "credential token shows in an error, a representation or a log line"),
        (Logging, "credential token shows in an error, a representation or a log line"),
        (Showing, "credential token is sent in an address"),
        (Raw, "check raised KeyError, no error of ours"),
        (Doubling, "answers as"),
        (Short, "deliver of 1 changes gave 0 answers"),
        (Answering, "deliver answered str: neither an acknowledgement nor an error of ours"),
        (Blind, "was acknowledged and is not found"),
        (Wide, "state shows fields that would not be written: ['else']"),
        (Boasting, "no dialogue shows poll ghosts"),
        (Boasting, "no dialogue shows deliver invoice"),
    ],
)
def test_a_broken_promise_is_named(broken: Callable[..., Any], said: str) -> None:
    """One sentence says which dialogue showed what."""
    vendor = "salesforce" if issubclass(broken, Salesforce) else "ppm"  # type: ignore[arg-type]
    assert any(said in sentence for sentence in conformance(broken, folder_of(vendor)))


@pytest.mark.req("E2")
def test_a_call_without_its_trace_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The vendor must see the trace of the run that calls it."""
    monkeypatch.setattr(http, "inject", lambda carrier: None)
    assert any("carries no trace context" in said for said in conformance(Portfolio, folder_of("ppm")))


def test_what_is_not_shown_is_named(tmp_path: Path) -> None:
    """A folder without dialogues, and one that lacks a vendor's bad days, prove nothing."""
    assert conformance(Portfolio, tmp_path) == ["no dialogue is recorded: put one JSON file each into the folder"]
    for name in ("check", "snapshots"):
        shutil.copy(folder_of("ppm") / f"{name}.json", tmp_path)
    assert set(conformance(Portfolio, tmp_path)) == {
        "no dialogue shows find project",
        "no dialogue shows find actual",
        "no dialogue shows find progress",
        "no dialogue shows find budget",
        "no dialogue shows a call that the vendor throttles (RateLimited)",
        "no dialogue shows an outage of the vendor (Retriable)",
        "no dialogue shows a write that the vendor refuses (Rejected)",
    }


class Sender(Hooked):
    """Sends webhooks of one time entry."""

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        super().__init__(config.name)
        self.config, self.held = config, {"a": event("a")}
        self.pages = {"time": [Page([event("a")], "1")]}


class Elsewhere(Sender):
    def named(self, payload: Any) -> Sequence[Named]:
        return [replace(one, stream="ghosts") for one in super().named(payload)]


class Otherwise(Sender):
    def read(self, stream: str, ids: Sequence[str]) -> Page:
        return Page([event("a", hours="9")], "")


@pytest.mark.req("C3")
def test_a_connector_with_webhooks_shows_what_they_name_and_reads_it_as_a_poll_does(tmp_path: Path) -> None:
    """C3: undeclared in its dialogues, naming no stream of its own, reading another event than a poll: each is said."""
    config = SystemConfig("psa", "acme", Role.PSA, "http://127.0.0.1:9")
    with Recorder(Sender, config, SystemClock(), "One time entry") as recorder:
        recorder.ask("poll", stream="time", cursor=None)
        recorder.dialogue().write(tmp_path / "webhook.json")
        assert {"no dialogue shows named", "no dialogue shows read of what a webhook names"} <= set(
            conformance(Sender, tmp_path)
        )
        recorder.ask("named", payload=payload("a"))
        recorder.ask("read", stream="time", ids=["a"])
        recorder.dialogue().write(tmp_path / "webhook.json")
    assert not any("webhook" in said or "named" in said for said in conformance(Sender, tmp_path))
    assert any("names 'a' of ghosts, which is no stream" in said for said in conformance(Elsewhere, tmp_path))
    assert any("a-1 reads otherwise than a poll" in said for said in conformance(Otherwise, tmp_path))


@pytest.mark.parametrize("text", ["", "[]", '{"about": "x"}', '{"turns": [{}]}'])
def test_a_file_that_holds_no_dialogue_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "torn.json").write_text(text)
    with pytest.raises(ValueError, match=r"torn\.json holds no dialogue"):
        conformance(Portfolio, tmp_path)


def test_a_changed_answer_of_the_vendor_is_noticed(tmp_path: Path) -> None:
    """A recording that was edited by hand no longer fits what it gave: nothing in it is decoration."""
    text = (folder_of("ppm") / "snapshots.json").read_text()
    held = json.loads(text)
    edited = text.replace('"status": "active"', '"status": "closed"', 1)
    assert edited != text and held["turns"]
    (tmp_path / "snapshots.json").write_text(edited)
    assert any("snapshots: turn" in said for said in conformance(Portfolio, tmp_path))


@pytest.mark.req("G3")
def test_a_short_credential_is_not_recorded() -> None:
    """It could not be told from other text when it is replaced."""
    config = SystemConfig("ppm", "ppm", Role.PPM, "http://127.0.0.1:9", (), {"token": "short"})
    with pytest.raises(ValueError, match="token"):
        Recorder(Portfolio, config, SystemClock(), "about")


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        (b'{"amount": 125000.10, "n": 3}', "json"),
        (b"[1.50]", "json"),
        (b'{"id": 36893488147419103232}', "text"),
        (b'{"note": "\\ud83d"}', "text"),
        (b"<html>down</html>", "text"),
        (b"grant_type=client_credentials&scope=a+b", "text"),
        ("{torn 7,5 €".encode(), "text"),
        (b"", ""),
    ],
)
def test_a_body_is_played_as_it_was_recorded(raw: bytes, kind: str) -> None:
    """M4: JSON keeps its exact numbers; what cannot be written as JSON again stays the text it was."""
    held = read_body(raw)
    assert list(held) == ([kind] if kind else [])
    played = write_body(load(dump(held)))
    assert played == raw if kind != "json" else json.loads(played, parse_float=str) == json.loads(raw, parse_float=str)
