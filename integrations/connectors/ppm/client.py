"""The portfolio REST API on the wire: bearer token, entity tags, offset paging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from integrations.connectors.bearer import Bearer
from integrations.connectors.credentials import needed
from integrations.connectors.http import HttpClient
from integrations.connectors.reply import Reply, words_of
from integrations.contracts.connector import SystemConfig
from models.domain.clock import Clock
from models.domain.errors import OutcomeUnknown, Rejected, Retriable, TieoutError, Unmappable

API = "/portfolio/api/v1"
PAGE = 200
REFUSED = {
    "PROJECT_UNKNOWN": "portfolio-project-unknown",
    "PERIOD_UNKNOWN": "portfolio-period-unknown",
    "PERIOD_CLOSED": "portfolio-period-closed",
    "CURRENCY_UNKNOWN": "portfolio-currency-unknown",
}
"""The portfolio's own words for why it takes no actuals."""


class PortfolioClient:
    """GET, list and conditional PUT of one kind of resource (`projects`, `actuals` …) by code. Thread-safe."""

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self._config = config
        self.http = HttpClient(config, clock, Bearer(self._token))

    def all(self, kind: str, optional: bool = False) -> Iterator[Mapping[str, Any]]:
        """Every resource of a kind. A page is `{"items": […], "total": n}`. Of an `optional` kind a portfolio that does
        not know it has none.
        """
        offset = 0
        while True:
            reply = self.http.read(f"{API}/{kind}", {"limit": PAGE, "offset": offset})
            if optional and reply.status == 404:
                return
            body = self._read(reply)
            items = body.get("items") if isinstance(body, Mapping) else None
            if not isinstance(items, list):
                raise Unmappable(
                    f"{self._config.name} sent a list of {kind} without items", "items", code="bad-payload"
                )
            yield from items
            offset += len(items)
            if not items or offset >= int(body.get("total", 0)):
                return

    def one(self, kind: str, code: str) -> tuple[Mapping[str, Any], str | None] | None:
        """The resource and its entity tag, or None."""
        reply = self.http.read(f"{API}/{kind}/{quote(code, safe='')}")
        return None if reply.status == 404 else (self._read(reply), reply.headers.get("etag"))

    def put(
        self, kind: str, code: str, body: Mapping[str, Any], tag: str | None, key: str
    ) -> tuple[Mapping[str, Any], bool]:
        """What is stored now, and whether it is new. Repeating it with the same body changes nothing."""
        headers = {"if-match": tag} if tag else {}
        reply = self.http.call("PUT", f"{API}/{kind}/{quote(code, safe='')}", body, headers=headers, key=key)
        try:
            return (self._read(reply, key) if reply.body else {}), reply.status == 201
        except Unmappable as error:
            raise OutcomeUnknown(f"{self._config.name}: {error}", key) from error

    def close(self) -> None:
        self.http.close()

    def _read(self, reply: Reply, key: str | None = None) -> Any:
        if reply.ok:
            body = reply.json()
            if not isinstance(body, Mapping):
                raise Unmappable(
                    f"{self._config.name} sent {type(body).__name__}, expected an object", "body", code="bad-payload"
                )
            return body
        raise self._refused(reply, key)

    def _refused(self, reply: Reply, key: str | None) -> TieoutError:
        said = reply.body[:500].decode("utf-8", "replace")
        if (fault := self.http.fault(reply, said, key=key)) is not None:
            return fault
        about = self.http.clean(f"{self._config.name} answered {reply.status}: {words_of(said)}")
        if reply.status in (409, 412):
            return Retriable(f"{about}; someone else changed it in the meantime", code="stale")
        body = reply.json() if said.startswith("{") else {}
        field = body.get("field") if isinstance(body, Mapping) else None
        told = str(body.get("code")) if isinstance(body, Mapping) else ""
        code = REFUSED.get(told) or {403: "permission", 404: "project-not-found"}.get(reply.status, "invalid-content")
        return Rejected(about, code=code, field=str(field) if field else None, answer=body)

    def _token(self) -> str:
        return needed(self._config, "token")["token"]
