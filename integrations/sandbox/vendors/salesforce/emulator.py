"""Salesforce's REST API, v68.0, as `salesforce` in the sandbox (facts: its connector's README).

Token by client credentials, SOQL by `query` and `queryAll` with `nextRecordsUrl` paging, sObject get, create, update
and upsert by external id, collections upsert, limits, and the vendor's error bodies: always a JSON array.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from integrations.sandbox.vendors.salesforce.objects import PREFIX, VERSION, Objects, attributes, refusal
from integrations.sandbox.vendors.salesforce.selection import Selection
from integrations.sandbox.vendors.salesforce.soql import Malformed, parse
from integrations.sandbox.vendors.wire import Answer, Request, json_answer
from integrations.sandbox.world.ledger import Ledger
from models.domain.clock import Clock


class Salesforce:
    """The CRM: its three objects, its sign-in and its daily quota."""

    name = "salesforce"

    def __init__(self, ledger: Ledger, clock: Clock, secret: str, page: int = 2000, quota: int = 100_000) -> None:
        self._clock, self._secret, self._page = clock, secret, page
        self._objects = Objects(ledger)
        self.tables, self.save = self._objects.tables, self._objects.save
        self._selection = Selection(self._objects)
        self._tokens = 0
        self._valid = f"00DHs!{secret}.0"
        self._cursors: dict[str, list[dict[str, Any]]] = {}
        self._used, self._quota = 0, quota

    def answer(self, request: Request) -> Answer:
        path = request.path
        if path == "/services/oauth2/token":
            return self._token(request)
        if request.bearer != self._valid:
            return fault(401, "INVALID_SESSION_ID", "Session expired or invalid")
        self._used += 1
        answer = self._data(request, path.removeprefix(f"/services/data/{VERSION}/"))
        answer.headers["Sforce-Limit-Info"] = f"api-usage={self._used}/{self._quota}"
        return answer

    def disturbed(self, kind: str, request: Request) -> Answer:
        if request.path == "/services/oauth2/token" and kind != "unavailable":
            return self._token(request)
        if kind == "quota":
            return fault(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        if kind == "throttled":
            return fault(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.")
        if kind == "expired":
            self._expire()
            return fault(401, "INVALID_SESSION_ID", "Session expired or invalid")
        return fault(503, "SERVER_UNAVAILABLE", "The server is temporarily unavailable")

    def _expire(self) -> None:
        self._tokens += 1
        self._valid = f"00DHs!{self._secret}.{self._tokens}"

    def _token(self, request: Request) -> Answer:
        form = dict(part.split("=", 1) for part in request.body.decode().split("&") if "=" in part)
        if not form.get("grant_type"):
            return json_answer({"error": "invalid_request", "error_description": "grant type is missing"}, 400)
        if not form.get("client_id"):
            return json_answer({"error": "invalid_client_id", "error_description": "client identifier invalid"}, 400)
        if unquote(form.get("client_secret", "")) != self._secret:
            return json_answer({"error": "invalid_grant", "error_description": "authentication failure"}, 400)
        issued = str(int(self._clock.now().timestamp() * 1000))
        return json_answer(
            {
                "access_token": self._valid,
                "signature": "c2FuZGJveA==",
                "scope": "api",
                "instance_url": request.base,
                "id": f"{request.base}/id/00DHs0000000001MAA/005Hs0000000001MAA",
                "token_type": "Bearer",
                "issued_at": issued,
                "api_instance_url": request.base,
            }
        )

    def _data(self, request: Request, path: str) -> Answer:
        head, _, rest = path.partition("/")
        if head in ("query", "queryAll"):
            return self._query(request, rest, head == "queryAll")
        if head == "limits":
            return json_answer({"DailyApiRequests": {"Max": self._quota, "Remaining": self._quota - self._used}})
        if head == "sobjects":
            return self._sobject(request, [unquote(part) for part in rest.split("/")])
        if path.startswith("composite/sobjects"):
            return self._collection(request, [unquote(part) for part in path.split("/")[2:]])
        return fault(404, "NOT_FOUND", "The requested resource does not exist")

    def _query(self, request: Request, cursor: str, deleted: bool) -> Answer:
        if cursor:
            rows, start = self._cursors.get(cursor.split("-")[0]), int(cursor.rsplit("-", 1)[1])
            return (
                self._rows(cursor.split("-")[0], rows, start)
                if rows is not None
                else fault(404, "INVALID_QUERY_LOCATOR", "invalid query locator")
            )
        try:
            rows = self._selection.rows(parse(request.query.get("q", "")), deleted)
        except Malformed as error:
            return fault(400, error.code, str(error))
        name = f"01gHs{len(self._cursors):010d}"
        if len(rows) > self._page:
            self._cursors[name] = rows
        return self._rows(name, rows, 0)

    def _rows(self, name: str, rows: list[dict[str, Any]], start: int) -> Answer:
        stop = start + self._page
        body: dict[str, Any] = {"totalSize": len(rows), "done": stop >= len(rows), "records": rows[start:stop]}
        if stop < len(rows):
            body["nextRecordsUrl"] = f"/services/data/{VERSION}/query/{name}-{stop}"
        return json_answer(body)

    def _sobject(self, request: Request, parts: list[str]) -> Answer:
        sobject = next((name for name in PREFIX if name.lower() == parts[0].lower()), None)
        if sobject is None:
            return fault(404, "NOT_FOUND", "The requested resource does not exist")
        if request.method == "POST" and len(parts) == 1:
            return self._write(sobject, request.json, None)
        key = (
            parts[1]
            if len(parts) == 2
            else self._objects.external[sobject].first(parts[2])
            if len(parts) == 3
            else None
        )
        if request.method == "GET":
            row = self.tables[sobject].get(key)
            return (
                json_answer({"attributes": attributes(sobject, row["Id"]), **row})
                if row
                else fault(404, "NOT_FOUND", "The requested resource does not exist")
            )
        if request.method != "PATCH":
            return fault(405, "METHOD_NOT_ALLOWED", f"HTTP Method '{request.method}' not allowed.")
        if len(parts) == 2:
            return (
                self._write(sobject, request.json, key)
                if self.tables[sobject].get(key)
                else fault(404, "NOT_FOUND", "The requested resource does not exist")
            )
        return self._write(sobject, {**(request.json or {}), parts[1]: parts[2]}, key, upsert=True)

    def _write(self, sobject: str, fields: Any, key: str | None, upsert: bool = False) -> Answer:
        errors = refusal(sobject, fields, key is None)
        if errors:
            return json_answer([errors], 400)
        created = key is None
        key = self.save(sobject, fields, self._clock.now(), key)
        if not created and not upsert:
            return Answer(204)
        body = {"id": key, "success": True, "errors": []}
        return json_answer({**body, "created": created} if upsert else body, 201 if created else 200)

    def _collection(self, request: Request, parts: list[str]) -> Answer:
        records = (request.json or {}).get("records")
        if not isinstance(records, list) or len(records) > 200 or len(parts) < 2:
            return fault(400, "JSON_PARSER_ERROR", "records: give one to 200 records of one type")
        sobject, field = parts[0], parts[1]
        rows = []
        for record in records:
            plain = {name: value for name, value in record.items() if name != "attributes"}
            key = self._objects.external[sobject].first(plain.get(field))
            refused = refusal(sobject, plain, key is None)
            if refused:
                rows.append(
                    {
                        "success": False,
                        "errors": [
                            {
                                "statusCode": refused["errorCode"],
                                "message": refused["message"],
                                "fields": refused.get("fields", []),
                            }
                        ],
                    }
                )
                continue
            rows.append(
                {
                    "id": self.save(sobject, plain, self._clock.now(), key),
                    "success": True,
                    "errors": [],
                    "created": key is None,
                }
            )
        return json_answer(rows)


def fault(status: int, code: str, message: str) -> Answer:
    return json_answer([{"message": message, "errorCode": code}], status)
