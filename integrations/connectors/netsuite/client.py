"""NetSuite SuiteTalk REST on the wire (wire facts: README.md): records by external id, asynchronous batches,
SuiteQL.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from integrations.connectors.bearer import Bearer
from integrations.connectors.http import HttpClient
from integrations.connectors.netsuite.dates import AccountZone
from integrations.connectors.netsuite.refusals import refusal
from integrations.connectors.netsuite.token import token_of
from integrations.connectors.reply import Reply
from integrations.connectors.rows import object_of
from integrations.contracts.connector import SystemConfig
from models.domain.clock import Clock
from models.domain.errors import OutcomeUnknown, TieoutError, Unmappable

ROOT = "/services/rest"
PAGE = 1000
FIRST_WAIT, LONGEST_WAIT = 0.005, 0.5


class NetSuiteClient:
    """Thread-safe. `pause` waits between two looks at a job: seconds, growing by half from 5 ms to 0.5 s."""

    def __init__(self, config: SystemConfig, clock: Clock, pause: Callable[[float], None] = time.sleep) -> None:
        self._config, self._clock, self._pause = config, clock, pause
        self.zone = AccountZone(config)
        self._tokens = HttpClient(config, clock)
        self.http = HttpClient(config, clock, Bearer(lambda: token_of(config, self._tokens, clock)))

    def put(self, kind: str, external_id: str, record: Mapping[str, Any], key: str) -> str:
        """Create or update one record; its internal id. Repeating it changes nothing."""
        path = f"{ROOT}/record/v1/{kind}/eid:{quote(external_id, safe='')}"
        reply = self._sent(
            self.http.call("PUT", path, record, query={"replace": "item"} if "item" in record else None, key=key),
            kind,
            key,
        )
        location = reply.headers.get("location", "")
        if not location:
            raise OutcomeUnknown(f"{self._config.name} accepted {kind} {external_id} and did not say where it is", key)
        return location.rsplit("/", 1)[-1]

    def get(self, kind: str, external_id: str) -> Mapping[str, Any] | None:
        """One record with its lines, or None."""
        reply = self.http.read(
            f"{ROOT}/record/v1/{kind}/eid:{quote(external_id, safe='')}", {"expandSubResources": "true"}
        )
        if reply.status == 404:
            return None
        body = self._sent(reply, kind).json()
        return body if isinstance(body, Mapping) else None

    def batch(self, kind: str, records: Sequence[Mapping[str, Any]], key: str) -> list[Mapping[str, Any]]:
        """Create or update up to 100 records of one kind in one asynchronous job; the vendor's result per record, in
        order.

        Raises OutcomeUnknown(key) from the moment on that the job may run until its results are read.
        """
        path, body = f"{ROOT}/record/v1/{kind}", {"items": list(records)}
        reply = self._sent(self.http.call("PUT", path, body, headers={"prefer": "respond-async"}, key=key), kind, key)
        try:
            return self._results(self.http.local(reply.headers["location"]), len(records))
        except (TieoutError, KeyError) as error:
            raise OutcomeUnknown(
                f"{self._config.name}: the job of {len(records)} {kind} has no readable result yet: {error}", key
            ) from error

    def query(self, suiteql: str, page: int = 0) -> list[Mapping[str, Any]]:
        """One page (from 0) of at most 1,000 rows; all values are text and empty ones are left out."""
        where = {"limit": PAGE, "offset": page * PAGE}
        reply = self.http.call(
            "POST", f"{ROOT}/query/v1/suiteql", {"q": suiteql}, query=where, headers={"prefer": "transient"}
        )
        body = self._sent(reply, "suiteql").json(str)
        if not isinstance(body, Mapping) or not isinstance(body.get("items"), list):
            raise Unmappable(f"{self._config.name} sent a query answer without items", "items", code="bad-payload")
        return [self.zone.row(row) for row in map(object_of, body["items"])]

    def everything(self, statement: str) -> Iterator[Mapping[str, Any]]:
        """All rows of a statement with an `id` column, page after page by id: rows that come or go in between shift
        nothing, and the vendor's cap of 100,000 rows a query never bites.
        """
        after = 0
        while True:
            rows = self.query(f"SELECT * FROM ({statement}) WHERE id > {after} ORDER BY id")
            yield from rows
            if len(rows) < PAGE:
                return
            after = int(rows[-1]["id"])

    def count(self, statement: str) -> int:
        """How many rows a statement has."""
        rows = self.query(f"SELECT COUNT(*) AS n FROM ({statement})")
        return int(rows[0]["n"]) if rows else 0

    def limits(self) -> Mapping[str, Any]:
        found = self._sent(self.http.read(f"{ROOT}/system/v1/governanceLimits"), "limits").json()
        return found if isinstance(found, Mapping) else {}

    def close(self) -> None:
        self._tokens.close()
        self.http.close()

    def __repr__(self) -> str:
        return f"NetSuiteClient({self._config.name!r})"

    def _results(self, job: str, wanted: int) -> list[Mapping[str, Any]]:
        waited, wait = 0.0, FIRST_WAIT
        while not self._sent(self.http.read(job), "job").json().get("completed"):
            if waited > self._config.policy.timeout:
                raise Unmappable(f"the job is not done after {waited:.0f} s", "completed", code="slow-job")
            self._pause(wait)
            waited, wait = waited + wait, min(wait * 1.5, LONGEST_WAIT)
        body = self._sent(self.http.read(f"{job}/task/1/result"), "job").json()
        items = body.get("items") if isinstance(body, Mapping) else None
        if not isinstance(items, list) or len(items) != wanted:
            raise Unmappable("the job's result does not answer every record", "items", code="bad-payload")
        return items

    def _sent(self, reply: Reply, kind: str, key: str | None = None) -> Reply:
        if reply.ok:
            return reply
        said = reply.body[:1000].decode("utf-8", "replace")
        if (reply.status in (500, 502, 504) and key is None) or reply.status in (401, 429, 503):
            raise self.http.fault(reply, said) or Unmappable(said, "body")
        try:
            body = reply.json()
        except Unmappable:
            body = {}
        if (fault := self.http.fault(reply, said, key=key)) is not None:
            raise fault
        raise refusal(body, reply.status, kind, self._config.name, self._clock.now(), self.http.clean)
