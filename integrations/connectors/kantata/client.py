"""Kantata OX REST on the wire (wire facts: README.md): envelopes of ids and maps, paging, typed errors, no
idempotency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import Any

from integrations.connectors.bearer import Bearer
from integrations.connectors.credentials import needed
from integrations.connectors.http import HttpClient
from integrations.connectors.reply import Reply
from integrations.connectors.rows import object_of
from integrations.contracts.connector import SystemConfig
from models.domain.clock import Clock
from models.domain.errors import OutcomeUnknown, RateLimited, Rejected, TieoutError, Unmappable

API = "/api/v1"
PAGE = 200
AGAIN = 20
"""How often one reading of a list steps back at most; a list that shrinks all the time is read again by the next one.
"""
Rows = list[Mapping[str, Any]]


class Envelope:
    """An answer of the vendor: rows in the order of `results`, side-loaded maps beside them."""

    def __init__(self, body: Any, system: str) -> None:
        if not isinstance(body, Mapping) or not isinstance(body.get("results"), list):
            raise Unmappable(f"{system} sent an answer without results", "results", code="bad-payload")
        self._body = body
        self.count = int(body.get("count") or 0)

    @property
    def rows(self) -> Rows:
        """The main rows; one that `results` names and no map holds is left out."""
        named = map(object_of, self._body["results"])
        found = (self.side(str(one.get("key"))).get(str(one.get("id"))) for one in named)
        return [object_of(row) for row in found if row is not None]

    def side(self, name: str) -> Mapping[str, Mapping[str, Any]]:
        held = self._body.get(name)
        return held if isinstance(held, Mapping) else {}


class KantataClient:
    """Thread-safe. Creating is never repeated here: a create whose answer is lost is in doubt."""

    def __init__(self, config: SystemConfig, clock: Clock) -> None:
        self._config = config
        self.http = HttpClient(config, clock, Bearer(self._token))

    def page(self, path: str, query: Mapping[str, Any]) -> Envelope:
        return Envelope(self._read(self.http.read(f"{API}/{path}", query)), self._config.name)

    def all(self, path: str, query: Mapping[str, Any] | None = None) -> Iterator[Mapping[str, Any]]:
        """Every row of a list, page after page, by id so that rows added meanwhile come last. Where a row was deleted
        meanwhile, others may come twice.
        """
        for envelope in self.pages(path, query):
            yield from envelope.rows

    def pages(self, path: str, query: Mapping[str, Any] | None = None) -> Iterator[Envelope]:
        """A deletion moves later rows to pages that were read already: where the list became shorter since the last
        page, as many pages are read again as the rows can have moved by.
        """
        number, count, again = 1, 0, AGAIN
        while True:
            envelope = self.page(path, {"order": "id:asc", **(query or {}), "page": number, "per_page": PAGE})
            yield envelope
            lost, count = count - envelope.count, envelope.count
            if lost > 0 and number > 1 and again > 0:
                again -= 1
                number = max(1, number - ceil(lost / PAGE))
            elif number * PAGE >= count:
                return
            else:
                number += 1

    def only(self, path: str, ids: Iterable[str], **query: str) -> dict[str, Mapping[str, Any]]:
        """Rows by id; unknown ids are simply not there."""
        wanted = sorted(set(ids))
        found: dict[str, Mapping[str, Any]] = {}
        for start in range(0, len(wanted), PAGE):
            envelope = self.page(path, {"only": ",".join(wanted[start : start + PAGE]), "per_page": PAGE, **query})
            found |= {str(row["id"]): row for row in envelope.rows}
        return found

    def references(self, subject_type: str, ids: Iterable[str]) -> dict[str, Rows]:
        """The sync ledger's rows by subject id."""
        wanted = sorted(set(ids))
        found: dict[str, Rows] = {}
        for start in range(0, len(wanted), 100):
            query = {"subject_type": subject_type, "subject_id": ",".join(wanted[start : start + 100])}
            for row in self.all("external_references", query):
                found.setdefault(str(row.get("subject_id")), []).append(row)
        return found

    def referred(self, subject_type: str, since: str | None = None) -> dict[str, Rows]:
        """The sync ledger of a kind of subject, by subject id: all of it, or what was updated since (ISO)."""
        found: dict[str, Rows] = {}
        for row in self.all(
            "external_references", {"subject_type": subject_type} | ({"updated_after": since} if since else {})
        ):
            found.setdefault(str(row.get("subject_id")), []).append(row)
        return found

    def create(self, path: str, body: Mapping[str, Any], key: str) -> Rows:
        """Create; raises OutcomeUnknown(key) when it may have happened without our hearing of it."""
        return self._written(self.http.call("POST", f"{API}/{path}", body, key=key), key, again=False)

    def change(self, path: str, body: Mapping[str, Any], key: str) -> Rows:
        """Bring a row up to date; may be repeated."""
        return self._written(self.http.call("PUT", f"{API}/{path}", body, key=key), key, again=True)

    def refer(self, reference: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """Create or update one row of the sync ledger; may be repeated."""
        reply = self.http.call(
            "POST", f"{API}/external_references/create_or_update", {"external_reference": reference}, key=key
        )
        rows = self._written(reply, key, again=True)
        return rows[0] if rows else {}

    def close(self) -> None:
        self.http.close()

    def __repr__(self) -> str:
        return f"KantataClient({self._config.name!r})"

    def _written(self, reply: Reply, key: str, *, again: bool) -> Rows:
        if not reply.ok:
            raise self._refused(reply, key, again)
        try:
            return Envelope(reply.json(), self._config.name).rows
        except Unmappable as error:
            raise OutcomeUnknown(f"{self._config.name}: {error}", key) from error

    def _read(self, reply: Reply) -> Any:
        if not reply.ok:
            raise self._refused(reply, None, True)
        return reply.json(str)

    def _refused(self, reply: Reply, key: str | None, again: bool) -> TieoutError:
        said = reply.body[:500].decode("utf-8", "replace")
        fault = self.http.fault(reply, said, key=key, again=again)
        if isinstance(fault, RateLimited):
            # No header says how long; the vendor asks for "a small delay".
            return RateLimited(str(fault), self.http.wait_until(reply, default=2.0))
        if fault is not None:
            return fault
        first = _first(reply)
        about = self.http.clean(f"{self._config.name} answered {reply.status}: {first.get('message', said)}")
        field = str(first["field"]) if first.get("field") else None
        if reply.status == 404:
            return Rejected(about, code="not-found", field=field, answer=first)
        code = "permission" if reply.status == 403 else FIELD_CODES.get(field or "", "invalid-content")
        return Rejected(about, code=code, field=field, answer=first)

    def _token(self) -> str:
        return needed(self._config, "token")["token"]


FIELD_CODES = {
    "workspace_id": "project-not-found",
    "story_id": "charge-code-not-found",
    "user_id": "resource-not-found",
}


def _first(reply: Reply) -> Mapping[str, Any]:
    try:
        body = reply.json()
    except Unmappable:
        return {}
    errors = body.get("errors") if isinstance(body, Mapping) else None
    return errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
