"""A generic portfolio system's REST API as `ppm` in the sandbox (facts: its connector's README).

GET and PUT of projects and budgets by project code, listing with limit and offset, entity tags (409 on a stale
If-Match), 429 with Retry-After seconds. Forecasts and targets are entered by people and only read here, and so are the
periods of the portfolio's own calendar. Actuals and progress take what `intake.py` lets in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from integrations.sandbox.vendors.ppm.intake import INTAKE, Refused
from integrations.sandbox.vendors.wire import Answer, Request, iso_z, json_answer
from integrations.sandbox.world.ledger import Ledger, Row, Table
from models.domain.clock import Clock

ROOT = "/portfolio/api/v1/"
READ_ONLY = ("forecasts", "targets", "periods")
FIELDS = {"code", "name", "currencyCode", "value", "cost", "targetMargin", "hours", "status", "approved", "customer"}


class Portfolio:
    """The PPM: projects, budgets, forecasts and revenue targets by code."""

    name = "ppm"

    def __init__(self, ledger: Ledger, clock: Clock, secret: str) -> None:
        self._clock, self._secret = clock, secret
        self.tables: dict[str, Table] = {
            "projects": ledger.table("ppm.projects"),
            "budgets": ledger.table("ppm.budgets"),
            "forecasts": ledger.table("ppm.forecasts"),
            "targets": ledger.table("ppm.targets"),
            "periods": ledger.table("ppm.periods"),
            "actuals": ledger.table("ppm.actuals"),
            "progress": ledger.table("ppm.progress"),
        }

    def answer(self, request: Request) -> Answer:
        if request.bearer != self._secret:
            return fault(401, "the bearer token is not accepted", None)
        kind, _, code = unquote(request.path.removeprefix(ROOT)).partition("/")
        if kind not in self.tables:
            return fault(404, f"unknown resource {kind}", None)
        if request.method == "GET":
            return self._read(kind, code) if code else self._list(kind, request.query)
        if request.method != "PUT" or not code or kind in READ_ONLY:
            return fault(405, "method not allowed", None)
        return self._write(kind, code, request)

    def enter(self, kind: str, code: str, fields: Mapping[str, Any], at: datetime) -> None:
        """What a person keys in, at a moment."""
        old = self.tables[kind].get(code) or {"_version": 0}
        stamped = {"code": code, "updatedAt": iso_z(at), "_version": old["_version"] + 1}
        self.tables[kind].put(code, {**old, **fields, **stamped})

    def shut(self, first: str, closed: bool, at: datetime) -> None:
        """Close a period of the portfolio's own calendar for actuals, or open it (again); by its first day."""
        self.enter("periods", first, {"closed": closed}, at)

    def disturbed(self, kind: str, request: Request) -> Answer:
        if kind in ("throttled", "quota"):
            answer = fault(429, "too many requests", None)
            answer.headers["Retry-After"] = "2"
            return answer
        return fault(503, "the service is down for maintenance", None)

    def _list(self, kind: str, query: Mapping[str, str]) -> Answer:
        limit, offset = min(500, int(query.get("limit", 100))), int(query.get("offset", 0))
        rows = list(self.tables[kind].rows.values())
        return json_answer(
            {
                "items": [shown(row) for row in rows[offset : offset + limit]],
                "total": len(rows),
                "limit": limit,
                "offset": offset,
            }
        )

    def _read(self, kind: str, code: str) -> Answer:
        row = self.tables[kind].get(code)
        return json_answer(shown(row), ETag=tag(row)) if row else fault(404, f"no {kind[:-1]} {code}", "code")

    def _write(self, kind: str, code: str, request: Request) -> Answer:
        fields, old = request.json, self.tables[kind].get(code)
        if kind in INTAKE:
            return self._take(kind, code, fields, request)
        if not isinstance(fields, dict) or not fields.get("currencyCode", (old or {}).get("currencyCode")):
            return fault(422, "currencyCode is required", "currencyCode")
        unknown = sorted(set(fields) - FIELDS - {"updatedAt"})
        if unknown:
            return fault(422, f"unknown field {unknown[0]}", unknown[0])
        return self._kept(kind, code, fields, request)

    def _take(self, kind: str, code: str, fields: Any, request: Request) -> Answer:
        """A statement or a progress from outside, under the number that its sender gave it."""
        try:
            INTAKE[kind](self.tables, code, fields)
        except Refused as refused:
            return json_answer({"error": str(refused), "field": refused.field, "code": refused.code}, 422)
        return self._kept(kind, code, fields, request)

    def _kept(self, kind: str, code: str, fields: Mapping[str, Any], request: Request) -> Answer:
        old, wanted = self.tables[kind].get(code), request.headers.get("if-match")
        if wanted and (old is None or wanted != tag(old)):
            return fault(409, f"{code} was changed by someone else", "If-Match")
        if old and all(old.get(name) == value for name, value in fields.items()):
            return json_answer(shown(old), ETag=tag(old))
        fresh = {
            **(old or {}),
            **fields,
            "code": code,
            "updatedAt": iso_z(self._clock.now()),
            "_version": (old["_version"] if old else 0) + 1,
        }
        row = self.tables[kind].put(code, fresh)
        return json_answer(shown(row), 200 if old else 201, ETag=tag(row))


def shown(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("_")}


def tag(row: Row) -> str:
    return f'"{row["_version"]}"'


def fault(status: int, message: str, field: str | None) -> Answer:
    return json_answer({"error": message, "field": field}, status)
