"""Salesforce's REST API, v68.0, as `salesforce` in the sandbox (facts: its connector's README).

Token by client credentials, SOQL by `query` and `queryAll` with `nextRecordsUrl` paging, sObject get, create, update
and upsert by external id, collections upsert, limits, and the vendor's error bodies: always a JSON array.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import unquote

from integrations.sandbox.vendors.salesforce.soql import Malformed, Query, ordered, parse, soql_instant
from integrations.sandbox.vendors.wire import Answer, Request, iso_salesforce, json_answer
from integrations.sandbox.world.ledger import Ledger, Row, Table
from models.domain.clock import Clock

VERSION = "v68.0"
PREFIX = {"Account": "001", "Opportunity": "006", "OpportunityLineItem": "00k"}
CHILDREN = {
    "OpportunityLineItems": ("OpportunityLineItem", "OpportunityId"),
    "Opportunities": ("Opportunity", "AccountId"),
}
PARENTS = {
    "Account": ("Account", "AccountId"),
    "Opportunity": ("Opportunity", "OpportunityId"),
    "Parent": ("Account", "ParentId"),
}
REQUIRED = {
    "Account": ("Name",),
    "Opportunity": ("Name", "StageName", "CloseDate"),
    "OpportunityLineItem": ("OpportunityId", "Quantity"),
}
FIELDS = {
    "Account": """
        Name AccountNumber ParentId BillingStreet BillingCity BillingState BillingPostalCode BillingCountry
        OwnerId CurrencyIsoCode Tax_Id__c Tax_Profile__c Legal_Entity__c Ext_Key__c
    """,
    "Opportunity": """
        Name AccountId StageName IsClosed IsWon CloseDate Closed_Won_At__c Amount Probability Type
        CurrencyIsoCode Project_Code__c Contract_Type__c Tax_Profile__c Legal_Entity__c Cost_Centre__c
        Service_Line__c Practice__c Region__c Target_Margin__c Approval_Status__c SOW_Number__c
        SOW_Signed_On__c SOW_Expires_On__c PO_Number__c Billing_Cap__c Start_Date__c End_Date__c Ext_Key__c
        OwnerId
    """,
    "OpportunityLineItem": """
        OpportunityId Name Description Quantity UnitPrice TotalPrice ServiceDate Line_Kind__c Charge_Code__c
        Billable__c Product2Id PricebookEntryId Ext_Key__c CurrencyIsoCode
    """,
}
SYSTEM = ("Id", "IsDeleted", "CreatedDate", "LastModifiedDate", "SystemModstamp")
KNOWN = {
    name: {**{field: None for field in fields.split()}, **dict.fromkeys(SYSTEM)} for name, fields in FIELDS.items()
}
_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def salesforce_id(sobject: str, number: int) -> str:
    """An 18-character id: prefix, instance and number, then the three characters that make it case-safe."""
    plain = f"{PREFIX[sobject]}Hs{number:010d}"
    blocks = (plain[at : at + 5] for at in (0, 5, 10))
    return plain + "".join(
        _DIGITS[sum(1 << at for at, letter in enumerate(block) if letter.isupper())] for block in blocks
    )


class Salesforce:
    """The CRM: its three objects, its sign-in and its daily quota."""

    name = "salesforce"

    def __init__(self, ledger: Ledger, clock: Clock, secret: str, page: int = 2000, quota: int = 100_000) -> None:
        self._clock, self._secret, self._page = clock, secret, page
        self.tables: dict[str, Table] = {name: ledger.table(f"salesforce.{name}") for name in PREFIX}
        self.lines_of = self.tables["OpportunityLineItem"].index(lambda row: row["OpportunityId"])
        self._external = {name: table.index(lambda row: row.get("Ext_Key__c")) for name, table in self.tables.items()}
        self._numbers = itertools.count(sum(len(table) for table in self.tables.values()) + 1)
        self._tokens = 0
        self._valid = f"00DHs!{secret}.0"
        self._cursors: dict[str, list[dict[str, Any]]] = {}
        self._used, self._quota = 0, quota

    # What people in the CRM do.

    def save(self, sobject: str, fields: Mapping[str, Any], at: datetime, key: str | None = None) -> str:
        """Create or change a record as a person would at a moment; its id."""
        table = self.tables[sobject]
        old: Row = table.rows[key] if key else {}
        stamp = iso_salesforce(max(at, self._after(old)))
        key = key or salesforce_id(sobject, next(self._numbers))
        created = old.get("CreatedDate", stamp)
        table.put(
            key,
            {
                **old,
                **fields,
                "Id": key,
                "IsDeleted": False,
                "CreatedDate": created,
                "LastModifiedDate": stamp,
                "SystemModstamp": stamp,
            },
        )
        return key

    @staticmethod
    def _after(old: Row) -> datetime:

        return soql_instant(old["SystemModstamp"]) if old else datetime.fromisoformat("2000-01-01T00:00:00+00:00")

    # What the API answers.

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
            rows = self._select(parse(request.query.get("q", "")), deleted)
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

    def _select(
        self, query: Query, deleted: bool, within: list[Row] | None = None, sobject: str | None = None
    ) -> list[dict[str, Any]]:
        sobject = sobject or next((name for name in PREFIX if name.lower() == query.object.lower()), None)
        if sobject is None:
            raise Malformed("INVALID_TYPE", f"sObject type '{query.object}' is not supported.")
        counting = [field.lower() for field in query.fields] == ["count()"]
        for path in () if counting else query.fields:
            self._known(sobject, path)
        rows = within if within is not None else list(self.tables[sobject].rows.values())
        hits = [
            row for row in rows if (deleted or not row["IsDeleted"]) and query.where(partial(self._read, sobject, row))
        ]
        hits = ordered(hits, query.order, lambda row, path: self._read(sobject, row, path))[query.offset :]
        hits = hits[: query.limit] if query.limit is not None else hits
        return [{}] * len(hits) if counting else [self._present(sobject, row, query, deleted) for row in hits]

    def _known(self, sobject: str, path: str) -> None:
        parent, _, rest = path.partition(".")
        if rest and parent in PARENTS:
            return self._known(PARENTS[parent][0], rest)
        if path not in KNOWN[sobject]:
            raise Malformed("INVALID_FIELD", f"No such column '{path}' on entity '{sobject}'.")

    def _read(self, sobject: str, row: Row, path: str) -> Any:
        parent, _, rest = path.partition(".")
        if not rest:
            return row.get(path)
        name, link = PARENTS[parent]
        above = self.tables[name].get(row.get(link))
        return self._read(name, above, rest) if above else None

    def _present(self, sobject: str, row: Row, query: Query, deleted: bool) -> dict[str, Any]:
        shown: dict[str, Any] = {"attributes": attributes(sobject, row["Id"])}
        for path in query.fields:
            *parents, field = path.split(".")
            place = shown
            for parent in parents:
                place = place.setdefault(parent, {"attributes": {"type": PARENTS[parent][0]}})
            place[field] = self._read(sobject, row, path)
        for relation, inner in query.children:
            name, link = CHILDREN[relation]
            rows = (
                [child for child in self.tables[name] if child.get(link) == row["Id"]]
                if name != "OpportunityLineItem"
                else [self.tables[name].rows[key] for key in self.lines_of.keys(row["Id"])]
            )
            records = self._select(inner, deleted, rows, name)
            shown[relation] = {"totalSize": len(records), "done": True, "records": records} if records else None
        return shown

    def _sobject(self, request: Request, parts: list[str]) -> Answer:
        sobject = next((name for name in PREFIX if name.lower() == parts[0].lower()), None)
        if sobject is None:
            return fault(404, "NOT_FOUND", "The requested resource does not exist")
        if request.method == "POST" and len(parts) == 1:
            return self._write(sobject, request.json, None)
        key = parts[1] if len(parts) == 2 else self._external[sobject].first(parts[2]) if len(parts) == 3 else None
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
        errors = self._refusal(sobject, fields, key is None)
        if errors:
            return json_answer([errors], 400)
        created = key is None
        key = self.save(sobject, fields, self._clock.now(), key)
        if not created and not upsert:
            return Answer(204)
        body = {"id": key, "success": True, "errors": []}
        return json_answer({**body, "created": created} if upsert else body, 201 if created else 200)

    def _refusal(self, sobject: str, fields: Any, creating: bool) -> dict[str, Any] | None:
        if not isinstance(fields, dict):
            return {"message": "Unexpected character", "errorCode": "JSON_PARSER_ERROR"}
        unknown = [name for name in fields if name not in KNOWN[sobject] and name != "attributes"]
        if unknown:
            return {
                "message": f"No such column '{unknown[0]}' on sobject of type {sobject}",
                "errorCode": "INVALID_FIELD",
                "fields": [],
            }
        missing = [name for name in REQUIRED[sobject] if creating and fields.get(name) in (None, "")]
        if missing:
            return {
                "message": f"Required fields are missing: [{', '.join(missing)}]",
                "errorCode": "REQUIRED_FIELD_MISSING",
                "fields": missing,
            }
        return None

    def _collection(self, request: Request, parts: list[str]) -> Answer:
        records = (request.json or {}).get("records")
        if not isinstance(records, list) or len(records) > 200 or len(parts) < 2:
            return fault(400, "JSON_PARSER_ERROR", "records: give one to 200 records of one type")
        sobject, field = parts[0], parts[1]
        rows = []
        for record in records:
            plain = {name: value for name, value in record.items() if name != "attributes"}
            key = self._external[sobject].first(plain.get(field))
            refusal = self._refusal(sobject, plain, key is None)
            if refusal:
                rows.append(
                    {
                        "success": False,
                        "errors": [
                            {
                                "statusCode": refusal["errorCode"],
                                "message": refusal["message"],
                                "fields": refusal.get("fields", []),
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


def attributes(sobject: str, key: str) -> dict[str, str]:
    return {"type": sobject, "url": f"/services/data/{VERSION}/sobjects/{sobject}/{key}"}


def fault(status: int, code: str, message: str) -> Answer:
    return json_answer([{"message": message, "errorCode": code}], status)
