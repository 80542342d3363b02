"""NetSuite's SuiteTalk REST services as `netsuite` in the sandbox (facts: its connector's README).

Token, record service (GET, POST, PATCH, DELETE, PUT by `eid:`), asynchronous single requests and batches with jobs and
per-record results, SuiteQL, governance limits and the vendor's error bodies. A batch's job has one task; the `items` of
its result answer the records in the order sent: {"status": 204, "id", "externalId", "created"} or an error body.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from integrations.sandbox.vendors.netsuite.answers import COLLECTION, RESOURCE, ROOT, fault, page
from integrations.sandbox.vendors.netsuite.jobs import Jobs
from integrations.sandbox.vendors.netsuite.records import Records, Refusal
from integrations.sandbox.vendors.netsuite.suiteql import Refused, SuiteQL
from integrations.sandbox.vendors.wire import Answer, Request, json_answer
from integrations.sandbox.world.ledger import Ledger, Row
from models.domain.clock import Clock

SUBLISTS = ("item", "expense")
_TERM = re.compile(r'(\w+)\s+(IS|CONTAIN|ON_OR_AFTER|BEFORE)\s+"?([^"]*)"?', re.IGNORECASE)


class NetSuite:
    """The ERP: its records, jobs and sign-in. `concurrency` is the account's limit of requests at one time."""

    name = "netsuite"

    def __init__(self, ledger: Ledger, clock: Clock, secret: str, concurrency: int = 15) -> None:
        self._clock, self._secret, self.concurrency = clock, secret, concurrency
        self.records = Records(ledger, clock)
        self._jobs = Jobs(ledger, self.records)
        self.echo_at: datetime | None = None
        """When a project or charge code was last written, which readers of those feeds will see again."""
        self._suiteql = SuiteQL(self.records.queried, self.records.tombstones)

    def answer(self, request: Request) -> Answer:
        path = request.path.removeprefix(ROOT)
        if path == "auth/oauth2/v1/token":
            return self._token(request)
        if request.bearer != self._secret:
            return fault(
                401,
                "INVALID_LOGIN",
                "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at "
                "Setup > Users/Roles > User Management > View Login Audit Trail.",
            )
        parts = [unquote(part) for part in path.split("/")]
        if path.startswith("record/v1/") and len(parts) >= 3:
            return self._record(request, parts[2], "/".join(parts[3:]))
        if path.startswith("async/v1/job/") and len(parts) >= 4:
            return self._jobs.answer(request, parts[3:])
        if path == "query/v1/suiteql" and request.method == "POST":
            return self._query(request)
        if path == "system/v1/governanceLimits":
            return json_answer(
                {
                    "accountConcurrencyLimit": self.concurrency,
                    "accountUnallocatedConcurrencyLimit": self.concurrency,
                    "limitType": "accountSpecific",
                },
                200,
                RESOURCE,
            )
        return fault(404, "NONEXISTENT_ID", "The requested resource does not exist.")

    def disturbed(self, kind: str, request: Request) -> Answer:
        if kind in ("throttled", "quota"):
            return fault(
                429,
                "CONCURRENCY_LIMIT_EXCEEDED",
                "Too many requests: the account's concurrency limit is exceeded. Try again later.",
            )
        if kind == "expired":
            return fault(401, "INVALID_LOGIN", "Invalid login attempt.")
        return fault(500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: l3k9sandbox")

    def _token(self, request: Request) -> Answer:
        form = dict(part.split("=", 1) for part in request.body.decode().split("&") if "=" in part)
        if (
            form.get("grant_type") != "client_credentials"
            or unquote(form.get("client_assertion") or form.get("client_secret", "")) != self._secret
        ):
            return json_answer({"error": "invalid_grant"}, 400)
        return json_answer({"access_token": self._secret, "expires_in": "3600", "token_type": "Bearer"})

    # Records.

    def _record(self, request: Request, kind: str, key: str) -> Answer:
        name = self.records.kind(kind)
        if name is None:
            return fault(404, "NONEXISTENT_ID", f"Record type '{kind}' does not exist.")
        if request.method == "GET":
            return self._read(request, name, key) if key else self._list(request, name)
        if request.json is None and request.method != "DELETE":
            return fault(400, "INVALID_CONTENT", "Invalid content in the request body. Detail: it is not JSON.")
        if name in ("job", "projecttask"):
            self.echo_at = self._clock.now()
        if "respond-async" in request.headers.get("prefer", ""):
            return self._jobs.submit(request, name, key)
        try:
            return self._now(request, name, key)
        except Refusal as refusal:
            return fault(refusal.status, refusal.code, str(refusal), refusal.path)

    def _now(self, request: Request, name: str, key: str) -> Answer:
        if request.method == "POST" and not key:
            made = self.records.create(name, request.json)
        elif request.method == "PUT" and key.startswith("eid:"):
            made = self.records.upsert(name, key[4:], request.json)[0]
        elif request.method in ("PATCH", "DELETE") and key:
            found = self.records.find(name, key)
            if found is None:
                raise Refusal(
                    404,
                    "NONEXISTENT_ID",
                    f"The record instance does not exist. Provide a valid record instance ID: {key}.",
                )
            made = found
            self.records.remove(name, found) if request.method == "DELETE" else self.records.change(
                name, found, request.json
            )
        else:
            raise Refusal(405, "INVALID_REQUEST", f"{request.method} is not allowed here.")
        return Answer(204, b"", {"Location": f"{request.base}{ROOT}record/v1/{name}/{made}"}, RESOURCE)

    def _read(self, request: Request, name: str, key: str) -> Answer:
        found = self.records.find(name, key)
        if found is None:
            return fault(
                404, "NONEXISTENT_ID", f"The record instance does not exist. Provide a valid record instance ID: {key}."
            )
        return json_answer(self._shown(request, name, self.records.tables[name].rows[found]), 200, RESOURCE)

    def _shown(self, request: Request, name: str, row: Row) -> dict[str, Any]:
        here = f"{request.base}{ROOT}record/v1/{name}/{row['id']}"
        body: dict[str, Any] = {"links": [{"rel": "self", "href": here}]}
        expand = request.query.get("expandSubResources", "").lower() == "true"
        for field, value in row.items():
            if field in SUBLISTS and not expand:
                body[field] = {"links": [{"rel": "self", "href": f"{here}/{field}"}]}
            elif isinstance(value, dict) and "id" in value:
                body[field] = {"links": [], **value}
            else:
                body[field] = value
        return body

    def _list(self, request: Request, name: str) -> Answer:
        limit, offset = min(1000, int(request.query.get("limit", 1000))), int(request.query.get("offset", 0))
        if limit < 1 or offset % limit:
            return fault(400, "INVALID_PARAMETER", "Invalid offset: it must be divisible by limit.")
        keys = self._asked(name, request.query.get("q", ""))
        here = f"{request.base}{ROOT}record/v1/{name}"
        items = [
            {"links": [{"rel": "self", "href": f"{here}/{key}"}], "id": key} for key in keys[offset : offset + limit]
        ]
        return json_answer(page(f"{here}?limit={limit}&offset={offset}", items, offset, len(keys)), 200, COLLECTION)

    def _asked(self, name: str, text: str) -> list[str]:
        rows = self.records.tables[name].rows
        terms = _TERM.findall(text)
        only = next((value for field, op, value in terms if field.lower() == "externalid" and op.upper() == "IS"), None)
        if only is not None:
            found = self.records.external[name].first(only)
            return [found] if found else []
        return [key for key, row in rows.items() if all(_meets(row, *term) for term in terms)]

    # Queries.

    def _query(self, request: Request) -> Answer:
        if "transient" not in request.headers.get("prefer", ""):
            return fault(400, "INVALID_HEADER", "SuiteQL needs the header Prefer: transient.")
        limit, offset = int(request.query.get("limit", 1000)), int(request.query.get("offset", 0))
        if not 1 <= limit <= 1000 or offset % limit:
            return fault(400, "INVALID_PARAMETER", "limit is 1 to 1000 and offset divisible by it.")
        try:
            rows, total = self._suiteql.rows(str((request.json or {}).get("q", "")), limit, offset)
        except Refused as refused:
            return fault(400, "INVALID_PARAMETER", str(refused))
        items = [{"links": [], **row} for row in rows]
        return json_answer(
            page(f"{request.base}{ROOT}query/v1/suiteql?limit={limit}&offset={offset}", items, offset, total),
            200,
            COLLECTION,
        )


def _meets(row: Row, field: str, op: str, value: str) -> bool:
    held = next((str(content) for name, content in row.items() if name.lower() == field.lower()), "")
    return {
        "IS": held.lower() == value.lower(),
        "CONTAIN": value.lower() in held.lower(),
        "ON_OR_AFTER": held >= value,
        "BEFORE": held < value,
    }[op.upper()]
