"""Recording a dialogue: between connector and vendor, a server that passes on and keeps what passes, sanitised."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from integrations.contracts.conformance.asking import ask
from integrations.contracts.conformance.dialogue import ADDRESS, FOLDER, Dialogue, Turn, placed, stand_in
from integrations.contracts.conformance.exchange import DROPPED, MATCHED, Exchange, Request, Response, read_body
from integrations.contracts.conformance.loopback import served
from integrations.contracts.conformance.playing import HeldClock, Maker
from integrations.contracts.connector import Connector, SystemConfig
from models.domain.clock import Clock

TOKENS = frozenset({"access_token", "id_token", "refresh_token", "session_token"})
"""Names of fields whose values are secrets that the vendor makes."""
SHORTEST = 8
"""Characters: a shorter credential may stand in other text, which replacing it would spoil."""


class Recorder:
    """A connector of `config` whose calls are kept; `with Recorder(…) as recorder`, `ask` and, at the end, `dialogue`.

    `clock` says at which moment each call is made; it stands still during one. `<folder>` in the options stands for a
    folder of the recorder's own. Raises ValueError for a credential too short to be replaced.
    """

    def __init__(self, make: Maker, config: SystemConfig, clock: Clock, about: str) -> None:
        if short := [name for name, value in config.credentials.items() if len(value) < SHORTEST]:
            raise ValueError(f"record with credentials of {SHORTEST} characters or more: {', '.join(short)}")
        self._make, self._config, self._clock, self._about = make, config, clock, about
        self._secrets = {value: stand_in(name) for name, value in config.credentials.items()}
        self._held, self._turns, self._exchanges = HeldClock(), list[Turn](), list[Exchange]()
        self._files: dict[str, str] = {}
        self._connector: Connector | None = None
        self._open = ExitStack()

    def __enter__(self) -> Recorder:
        self._vendor = self._open.enter_context(httpx.Client(timeout=60, follow_redirects=False, trust_env=False))
        self._address = self._open.enter_context(served(self._pass))
        self._folder = self._open.enter_context(tempfile.TemporaryDirectory())
        self._stood = {self._config.base_url or self._address: ADDRESS, self._address: ADDRESS, self._folder: FOLDER}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def lay(self, name: str, text: str) -> None:
        """Put a file into `<folder>` before the next call."""
        self._files[name] = text

    def ask(self, call: str, **arguments: Any) -> Any:
        """Make one call and keep it; what it gave, as JSON-ready values."""
        made, at = {"call": call, **arguments}, self._clock.now()
        self._held.present, self._exchanges = at, []
        turn = Turn(at, placed(made, self._stood), self._exchanges, None, dict(self._files))
        turn.lay(Path(self._folder))
        outcome = ask(self._opened(), made)
        self._turns.append(replace(turn, gives=placed(outcome.plain, self._stood)))
        self._files.clear()
        return outcome.plain

    def _opened(self) -> Connector:
        """Made at the first call, when what it reads on opening is there."""
        if self._connector is None:
            options = placed(self._config.options, {FOLDER: self._folder})
            config = replace(self._config, base_url=self._address, options=options)
            self._connector = self._make(config, self._held)
            self._open.callback(self._connector.close)
        return self._connector

    def dialogue(self) -> Dialogue:
        """All calls so far; holds no credential, no token and no address."""
        config = self._config
        return Dialogue(
            self._about,
            config.name,
            config.role,
            sorted(config.credentials),
            config.options,
            self._turns,
            config.legal_entities,
        )

    def _pass(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response | None:
        sent = {name: value for name, value in headers.items() if name not in {*DROPPED, "host", "accept-encoding"}}
        try:
            reply = self._vendor.request(method, self._config.base_url + path, headers=sent, content=body)
        except httpx.TransportError:
            self._keep(method, path, headers, body, None)
            return None
        fields = {name.lower(): value for name, value in reply.headers.items() if name.lower() not in DROPPED}
        if ":" not in fields.get("retry-after", ""):
            fields.pop("date", None)  # it matters where a moment follows the server's clock, and only there
        answer = Response(reply.status_code, fields, read_body(reply.content))
        self._learn(answer.body.get("json"))
        self._keep(method, path, headers, body, answer)
        near = {self._config.base_url: self._address}
        return Response(answer.status, placed(answer.headers, near), placed(answer.body, near))

    def _keep(self, method: str, path: str, headers: Mapping[str, str], body: bytes, answer: Response | None) -> None:
        matched = {name: headers[name] for name in MATCHED if name in headers}
        whole = Exchange(Request(method, path, matched, read_body(body)), answer)
        self._exchanges.append(Exchange.parse(placed(whole.plain(), {**self._stood, **self._secrets})))

    def _learn(self, body: Any) -> None:
        """A token that the vendor gave is a secret from now on."""
        for name in TOKENS & set(body if isinstance(body, Mapping) else ()):
            self._secrets[str(body[name])] = stand_in(name)
