"""Salesforce REST v68.0 on the wire (wire facts: README.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from integrations.connectors.bearer import Bearer
from integrations.connectors.credentials import needed
from integrations.connectors.http import HttpClient
from integrations.connectors.reply import Reply
from integrations.connectors.rows import object_of
from integrations.connectors.salesforce.currency import OrgCurrency
from integrations.contracts.connector import SystemConfig
from models.domain.clock import Clock
from models.domain.errors import (
    Misconfigured,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Retriable,
    TieoutError,
    Unmappable,
)

API = "/services/data/v68.0"
COLUMN = re.compile(r"No such column '([^']+)'")


class SalesforceClient:
    """Client-credentials token, SOQL with paging, collection upserts, error arrays. Thread-safe."""

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self._config, self._clock = config, clock
        self.currency = OrgCurrency(config)
        self._tokens = HttpClient(config, clock)
        self.http = HttpClient(config, clock, Bearer(self._token))

    def query(self, soql: str, deleted: bool = False) -> Iterator[Mapping[str, Any]]:
        """All rows of a SOQL statement, page after page; with `deleted`, rows in the bin too."""
        body = self._first(soql, deleted)
        while True:
            yield from (self.currency.row(object_of(row), soql) for row in body["records"])
            if body.get("done", True):
                return
            body = self._asked(self.http.read(self.http.local(str(body["nextRecordsUrl"]))))

    def _first(self, soql: str, deleted: bool) -> Any:
        """The first page of a statement; asked again where the org turns out to have a single currency."""
        path = f"{API}/{'queryAll' if deleted else 'query'}"
        try:
            return self._asked(self.http.read(path, {"q": self.currency.asked(soql)}))
        except Unmappable as error:
            self.currency.learn(error)
            return self._asked(self.http.read(path, {"q": self.currency.asked(soql)}))

    def upsert(self, kind: str, field: str, records: Sequence[Mapping[str, Any]], key: str) -> list[Mapping[str, Any]]:
        """One answer per record, in order; at most 200 records of one kind."""
        try:
            answers = self._upserted(kind, field, records, key)
        except Unmappable as error:
            self.currency.learn(error)
            answers = self._upserted(kind, field, records, key)
        if not isinstance(answers, list) or len(answers) != len(records):
            raise OutcomeUnknown(f"{self._config.name} answered {len(records)} records with something else", key)
        return answers

    def _upserted(self, kind: str, field: str, records: Sequence[Mapping[str, Any]], key: str) -> Any:
        rows = [{"attributes": {"type": kind}, **self.currency.sent(record)} for record in records]
        body = {"allOrNone": False, "records": rows}
        return self._asked(self.http.call("PATCH", f"{API}/composite/sobjects/{kind}/{field}", body, key=key), key)

    def limits(self) -> Mapping[str, Any]:
        found = self._asked(self.http.read(f"{API}/limits"))
        return found if isinstance(found, Mapping) else {}

    def refusal(self, errors: Iterable[Mapping[str, Any]], status: int) -> TieoutError:
        """The error for the vendor's own codes; `statusCode` in collections, `errorCode` elsewhere."""
        first = next(iter(errors), {})
        code = str(first.get("errorCode") or first.get("statusCode") or "")
        fields = first.get("fields") or [None]
        said = self.http.clean(
            f"{self._config.name} answered {status} {code}: {first.get('message', 'no reason given')}"
        )
        if code == "UNABLE_TO_LOCK_ROW":
            return Retriable(said)
        if code == "REQUEST_LIMIT_EXCEEDED":
            wait = timedelta(seconds=5) if "Concurrent" in said else timedelta(hours=1)
            return RateLimited(
                said, self._clock.now() + wait, code="rate-limited" if "Concurrent" in said else "daily-quota"
            )
        if code == "INVALID_FIELD" and (column := COLUMN.search(said)):
            return Unmappable(f"{said}; the vendor no longer has {column[1]}", column[1], code="missing-field")
        if code in ("API_DISABLED_FOR_ORG", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY"):
            return Rejected(said, code="permission", field=fields[0], answer=dict(first))
        stable = {
            "INVALID_CROSS_REFERENCE_KEY": "customer-not-found",
            "DUPLICATES_DETECTED": "duplicate",
            "DUPLICATE_VALUE": "duplicate",
        }
        return Rejected(
            said,
            code=stable.get(code, code.lower().replace("_", "-") or "rejected"),
            field=fields[0],
            answer=dict(first),
        )

    def close(self) -> None:
        self._tokens.close()
        self.http.close()

    def __repr__(self) -> str:
        return f"SalesforceClient({self._config.name!r})"

    def _asked(self, reply: Reply, key: str | None = None) -> Any:
        if reply.ok:
            return self._read(reply, key)
        said = reply.body[:1000].decode("utf-8", "replace")
        if (fault := self.http.fault(reply, said, key=key)) is not None:
            raise fault
        errors = reply.json()
        raise self.refusal(errors if isinstance(errors, list) else [errors], reply.status)

    def _read(self, reply: Reply, key: str | None) -> Any:
        """What a good answer says; an unreadable one to a write leaves its outcome open."""
        try:
            body = reply.json(str)
        except Unmappable as error:
            if key is not None:
                raise OutcomeUnknown(f"{self._config.name}: {error}", key) from error
            raise
        if (
            key is None
            and isinstance(body, Mapping)
            and "totalSize" in body
            and not isinstance(body.get("records"), list)
        ):
            raise Unmappable(f"{self._config.name} sent a query answer without records", "records", code="bad-payload")
        return body

    def _token(self) -> str:
        wanted = needed(self._config, "client_id", "client_secret")
        form = urlencode({"grant_type": "client_credentials", **wanted}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        reply = self._tokens.call("POST", "/services/oauth2/token", form, headers=headers)
        said = reply.body[:500].decode("utf-8", "replace")
        if reply.ok:
            return Token(reply).value
        raise self._tokens.fault(reply, said) or Misconfigured(
            f"{self._config.name} refused the client credentials: {self._tokens.clean(said)}; "
            "check client_id and client_secret"
        )


class Token:
    """A token answer; raises Unmappable when the vendor gave none."""

    def __init__(self, reply: Reply) -> None:
        body = reply.json()
        self.value = str(body.get("access_token") or "") if isinstance(body, Mapping) else ""
        if not self.value:
            raise Unmappable("the token answer holds no access_token", "access_token", code="bad-payload")


def literal(value: str | datetime) -> str:
    """A SOQL literal: quoted and escaped text, or a bare UTC time with milliseconds."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
