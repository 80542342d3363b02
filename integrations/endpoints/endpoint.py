"""An endpoint as a connector: signed calls, and what each answer means (C9).

| answer | means |
|---|---|
| 2xx | accepted: the run begins, or has begun; `{"run": "…"}` may say what the engine calls it |
| 409 | it has this key already: accepted |
| 429, 425 or 503 with `Retry-After` | wait so long; no attempt |
| 408, other 5xx, no connection | again later, with the same key |
| no answer | nobody knows: again, with the same key |
| 401 | the secret is wrong: its circuit opens, runs wait |
| any other, a redirect among them | refused: its run is dead, the failure stays as it was |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

import orjson

from integrations.connectors.http import HttpClient
from integrations.connectors.reply import Reply
from integrations.contracts.connector import Answer, Change, Observation, Page, SystemConfig, TargetState
from integrations.endpoints.sending import ENTITY
from models.catalogue.endpoint import Endpoint
from models.domain.clock import Clock
from models.domain.errors import Misconfigured, OutcomeUnknown, RateLimited, Rejected, TieoutError, Unmappable
from models.domain.outcomes import Acknowledgement
from models.signed_webhook import signed

_KEPT = 2_000
"""Characters of an answer that are kept."""


class EndpointConnector:
    """Serves `integrations.contracts.connector.Connector` for one endpoint, which nothing can be read from."""

    bulk_limit: Mapping[str, int] = {ENTITY: 1}
    streams: Sequence[str] = ()
    snapshots: Sequence[str] = ()

    def __init__(self, endpoint: Endpoint, clock: Clock) -> None:
        self.config = endpoint.system
        self._path = _path(endpoint.system.base_url)
        self._preview = _path(endpoint.preview) if endpoint.preview else None
        self._http = HttpClient(_at_its_host(endpoint), clock)

    def deliver(self, changes: Sequence[Change]) -> Sequence[Answer]:
        """Ask the endpoint to run each of these failures again."""
        return [self._asked(change) for change in changes]

    def find(self, changes: Sequence[Change]) -> Sequence[Acknowledgement | None]:
        """Nothing: an endpoint is not asked what it has done, it knows the key when it comes again."""
        return [None] * len(changes)

    def state(self, change: Change) -> TargetState:
        """What would be sent; where the endpoint offers a preview, what it says would become of it: a JSON object whose
        `wanted`, and `current` where something is there, are fields by name.
        """
        told = dict(_flat(change.body))
        if self._preview is None:
            return TargetState(None, told)
        reply = self._called(self._preview, {**_mapping(change.body), "type": "tieout.replay.preview"}, change.key)
        answer = reply.json()
        if not isinstance(answer, dict) or not isinstance(answer.get("wanted"), dict):
            said = "answers its preview with something else than an object with the fields `wanted`"
            raise Rejected(f"{self.config.name} {said}", code="endpoint-refused", answer=_said(answer))
        current = answer.get("current")
        return TargetState(dict(_flat(current)) if isinstance(current, dict) else None, dict(_flat(answer["wanted"])))

    def check(self) -> str:
        """That calls can be signed. Nothing is sent: an endpoint runs what it is sent. Raises Misconfigured."""
        self._headers("check", b"{}")
        return f"{self.config.name} is signed for; nothing was sent, it would be run"

    def poll(self, stream: str, cursor: str | None, limit: int = 500) -> Page:
        self._write_only()

    def snapshot(self, entity: str) -> Iterator[Observation]:
        self._write_only()

    def close(self) -> None:
        self._http.close()

    def _write_only(self) -> NoReturn:
        raise Misconfigured(f"{self.config.name} is an endpoint: nothing is read from it")

    def _asked(self, change: Change) -> Answer:
        try:
            reply = self._called(self._path, _mapping(change.body), change.key)
        except (OutcomeUnknown, Rejected) as error:
            return error
        said = _body(reply)
        run = said.get("run") if isinstance(said, dict) else None
        return Acknowledgement(self.config.name, str(run or change.key), {"status": reply.status, "said": _said(said)})

    def _called(self, path: str, body: Mapping[str, Any], key: str) -> Reply:
        content = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        reply = self._http.call("POST", path, content, headers=self._headers(key, content), key=key)
        if reply.ok or reply.status == 409:
            return reply
        raise self._fault(reply, key)

    def _headers(self, key: str, content: bytes) -> dict[str, str]:
        secret = self.config.credentials.get("secret", "")
        try:
            proof = signed(key, datetime.now(UTC), content, secret, f"the secret of {self.config.name}")
        except ValueError as error:
            raise Misconfigured(str(error)) from None
        return {**proof, "idempotency-key": key}

    def _fault(self, reply: Reply, key: str) -> TieoutError:
        said = _said(_body(reply)) or "nothing"
        if reply.status in (425, 503) and reply.headers.get("retry-after"):
            return RateLimited(
                f"{self.config.name} answered {reply.status}; wait before the next call", self._http.wait_until(reply)
            )
        if (known := self._http.fault(reply, str(said), key=key)) is not None:
            return known
        about = f"{self.config.name} answered {reply.status}: {self._http.clean(str(said))[:500]}"
        if 300 <= reply.status < 400:
            about += "; what is signed for one host is not sent to another: give the address that it leads to"
        return Rejected(about, code="endpoint-refused", answer=said)


def _path(url: str) -> str:
    address = urlsplit(url)
    return f"{address.path or '/'}?{address.query}" if address.query else address.path or "/"


def _at_its_host(endpoint: Endpoint) -> SystemConfig:
    address = urlsplit(endpoint.system.base_url)
    return replace(endpoint.system, base_url=f"{address.scheme}://{address.netloc}")


def _body(reply: Reply) -> Any:
    try:
        return reply.json() if reply.body else None
    except Unmappable:
        return reply.body.decode(errors="replace")


def _said(answer: Any) -> Any:
    """An answer as it is kept: what is longer is cut."""
    if answer is None:
        return None
    text = answer if isinstance(answer, str) else orjson.dumps(answer, default=str).decode()
    return text if len(text) <= _KEPT else f"{text[: _KEPT - 1]}…"


def _mapping(body: Any) -> Mapping[str, Any]:
    return body if isinstance(body, Mapping) else dict(body)


def _flat(fields: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Fields of fields as dotted paths."""
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value
