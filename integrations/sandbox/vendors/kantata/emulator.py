"""Kantata OX's REST API as `kantata` in the sandbox (facts: its connector's README).

Workspaces, stories, users, time entries, expenses, timesheet submissions, invoices and external payments, the
external-reference ledger and the pull feed of subscribed events. Ids are strings, lists come in the vendor's envelope
(`results` points into maps), errors name a field. Deviation kept on purpose: rejecting a submission that was approved
marks the submission, while its entries keep `approved` until a person changes them: un-approving would reverse the good
entries beside a bad one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from integrations.sandbox.vendors.kantata.feed import Feed
from integrations.sandbox.vendors.kantata.invoices import OF_INVOICES, Invoices
from integrations.sandbox.vendors.kantata.lists import KINDS, Lists, fault
from integrations.sandbox.vendors.wire import Answer, Request, instant, iso_offset
from integrations.sandbox.world.ledger import Ledger, Row, Table
from models.domain.clock import Clock

REQUIRED: dict[str, dict[str, str]] = {
    "workspaces": {"title": "Please give your project a title", "creator_role": "Please choose a creator role"},
    "stories": {"title": "Please give your task a title", "workspace_id": "Please choose a project"},
    "users": {"full_name": "Please give a name", "email_address": "Please give an e-mail address"},
    "time_entries": {name: f"Please give {name}" for name in ("workspace_id", "date_performed", "time_in_minutes")},
    "expenses": {name: f"Please give {name}" for name in ("workspace_id", "date", "amount_in_cents")},
    "external_references": {
        name: f"{name} can't be blank"
        for name in ("subject_type", "subject_id", "service_name", "service_model", "service_model_ref")
    },
}
DEFAULTS: dict[str, dict[str, Any]] = {
    "workspaces": {
        "archived": False,
        "status": {"color": "green", "key": 300, "message": "Active"},
        "currency": "USD",
        "external_reference": None,
    },
    "stories": {"story_type": "task", "state": "not started", "archived": False, "billable": True},
    "users": {"disabled": False, "external_reference": None},
    "time_entries": {
        "billable": True,
        "approved": False,
        "is_invoiced": False,
        "taxable": False,
        "story_id": None,
        "notes": "",
        "timesheet_submission_id": None,
    },
    "expenses": {"billable": True, "approved": False, "is_invoiced": False, "story_id": None, "notes": ""},
    "external_references": {
        "status": "successful",
        "external_link": None,
        "external_status": None,
        "external_message": None,
        "locked": False,
    },
}


class Kantata:
    """The PSA: its tables, its feed and its sync ledger."""

    name = "kantata"

    def __init__(self, ledger: Ledger, clock: Clock, secret: str) -> None:
        self._clock, self._secret = clock, secret
        self.tables: dict[str, Table] = {plural: ledger.table(f"kantata.{plural}", 1000) for plural in KINDS}
        self.feed = Feed(ledger, clock)
        self.workspace_by_code = self.tables["workspaces"].index(lambda row: row["title"].split(" ", 1)[0])
        self.stories_of = self.tables["stories"].index(lambda row: row["workspace_id"])
        self.entries_of = self.tables["time_entries"].index(lambda row: row["workspace_id"])
        self.entries_in = self.tables["time_entries"].index(lambda row: row["timesheet_submission_id"])
        self.reference = self.tables["external_references"].index(
            lambda row: (row["subject_type"], row["subject_id"], row["service_name"], row["service_model"])
        )
        self._lists = Lists(self.tables, self.stories_of, self.entries_of)
        self.invoices = Invoices(self.tables, self.refer, clock)

    # What people in the PSA do.

    def save(
        self, plural: str, fields: Mapping[str, Any], at: datetime, key: str | None = None, late: float = 0.0
    ) -> str:
        """Create or change a row at a moment; its id. `late` seconds pass before the feed shows it."""
        table = self.tables[plural]
        old = table.get(key)
        moment = max(at, instant(old["updated_at"]) + timedelta(seconds=1)) if old else at
        stamp = iso_offset(moment)
        key = key or table.new_key()
        fresh = {**(old or {"id": key, **DEFAULTS.get(plural, {}), "created_at": stamp}), **fields, "updated_at": stamp}
        table.put(key, fresh)
        self.feed.happened(KINDS[plural], "updated" if old else "created", key, old, fresh, moment, late)
        return key

    def remove(self, plural: str, key: str, at: datetime) -> None:
        old = self.tables[plural].rows[key]
        self.tables[plural].delete(key)
        self.feed.happened(
            KINDS[plural], "deleted", key, old, None, max(at, instant(old["updated_at"]) + timedelta(seconds=1))
        )

    def workspace(self, code: str) -> str | None:
        """The open or closed workspace of a project code: by its title's first word, else by an external reference."""
        found = self.workspace_by_code.first(code)
        if found is None:
            reference = self.tables["external_references"].get(self._lists.by_value.first(("Workspace", code)))
            found = reference["subject_id"] if reference else None
        return found if found in self.tables["workspaces"].rows else None

    def story(self, workspace: str, code: str) -> str | None:
        """The story of a workspace whose title begins with a charge code."""
        stories = self.tables["stories"].rows
        return next(
            (key for key in self.stories_of.keys(workspace) if stories[key]["title"].split(" ", 1)[0] == code), None
        )

    # What the API answers.

    def answer(self, request: Request) -> Answer:
        if request.bearer != self._secret:
            return fault(401, "oauth", "Invalid OAuth 2 Request")
        parts = request.path.removeprefix("/api/v1").strip("/").split("/")
        if parts[0] == "subscribed_events":
            return self.feed.answer(request, self.tables)
        if parts[0] in ("timesheet_rejections", "timesheet_cancellations", "timesheet_approvals"):
            return self._resolve_many(request, parts[0])
        if parts[0] not in self.tables:
            return fault(404, "system", "The requested resource could not be found")
        return self._resource(request, parts[0], parts[1:])

    def disturbed(self, kind: str, request: Request) -> Answer:
        if kind in ("throttled", "quota"):
            return fault(429, "system", "Too many requests: retry after a small delay")
        if kind == "expired":
            return fault(401, "oauth", "Invalid OAuth 2 Request")
        return fault(503, "system", "Service unavailable")

    def _resource(self, request: Request, plural: str, rest: list[str]) -> Answer:
        if plural == "external_references" and rest == ["create_or_update"]:
            return self._refer(request)
        if request.method == "GET":
            return self._lists.answer(request, plural, rest[0] if rest else None)
        if plural in OF_INVOICES:
            made = self.invoices.asked(request, plural, rest)
            return made if isinstance(made, Answer) else self._lists.shown(request, plural, [made])
        if request.method == "POST" and not rest:
            return self._create(request, plural)
        if not rest or rest[0] not in self.tables[plural].rows:
            return fault(404, "system", "The requested resource could not be found")
        if request.method == "DELETE":
            self.remove(plural, rest[0], self._clock.now())
            return Answer(204)
        if len(rest) == 2:
            return self._resolve(request, plural, rest[0], rest[1])
        fields = (request.json or {}).get(KINDS[plural], request.json or {})
        return self._lists.shown(request, plural, [self._changed(plural, fields, rest[0])])

    def _changed(self, plural: str, fields: Mapping[str, Any], key: str | None) -> Row:
        plain = {
            name: str(value) if name.endswith("_id") and value is not None else value for name, value in fields.items()
        }
        if plural == "time_entries" and key is None and "user_id" not in plain:
            plain["user_id"] = None
        return self.tables[plural].rows[self.save(plural, plain, self._clock.now(), key)]

    def _create(self, request: Request, plural: str) -> Answer:
        body = request.json if isinstance(request.json, dict) else {}
        many = body.get(plural)
        wanted: list[Any] = many if isinstance(many, list) else [body.get(KINDS[plural]) or {}]
        if len(wanted) > 100:
            return fault(422, "validation", "At most 100 items in one request", plural)
        for fields in wanted:
            refusal = self._refusal(plural, fields)
            if refusal:
                return refusal
        return self._lists.shown(request, plural, [self._changed(plural, fields, None) for fields in wanted], 201)

    def _refusal(self, plural: str, fields: Mapping[str, Any]) -> Answer | None:
        for name, message in REQUIRED.get(plural, {}).items():
            if fields.get(name) in (None, ""):
                return fault(422, "validation", message, name)
        for name in ("workspace_id", "story_id", "user_id"):
            known = self.tables[{"workspace_id": "workspaces", "story_id": "stories", "user_id": "users"}[name]].rows
            if fields.get(name) is not None and str(fields[name]) not in known:
                return fault(422, "validation", f"{name} is invalid", name)
        workspace = self.tables["workspaces"].get(str(fields.get("workspace_id")))
        if plural in ("time_entries", "expenses") and workspace and workspace["archived"]:
            return fault(422, "validation", "This project is closed", "workspace_id")
        return None

    def _refer(self, request: Request) -> Answer:
        fields = dict((request.json or {}).get("external_reference", {}))
        refusal = self._refusal("external_references", fields)
        if refusal:
            return refusal
        return self._lists.shown(request, "external_references", [self.refer(fields)])

    def refer(self, fields: dict[str, Any]) -> Row:
        """A row of the sync ledger, made or brought up to date."""
        fields["subject_id"], now = str(fields["subject_id"]), iso_offset(self._clock.now())
        table = self.tables["external_references"]
        key = self.reference.first(
            (fields["subject_type"], fields["subject_id"], fields["service_name"], fields["service_model"])
        )
        old = table.get(key) or {"id": (key := table.new_key()), **DEFAULTS["external_references"], "created_at": now}
        return table.put(str(key), {**old, **fields, "last_synced_at": now, "updated_at": now})

    def _resolve(self, request: Request, plural: str, key: str, verb: str) -> Answer:
        status = {"reject": "rejected", "cancel": "cancelled", "approve": "approved"}.get(verb)
        if status is None or not plural.endswith("submissions"):
            return fault(404, "system", "The requested resource could not be found")
        body = request.json or {}
        message = (body.get(KINDS[plural]) or body).get("message") if isinstance(body, dict) else None
        self.resolve(key, status, self._clock.now(), message)
        return self._lists.shown(request, plural, [self.tables[plural].rows[key]])

    def resolve(self, key: str, status: str, at: datetime, message: str | None = None) -> None:
        """Give a submission its status; approving approves its entries, rejecting one that was open keeps them open."""
        if status == "approved":
            for entry in self.entries_in.keys(key):
                self.save("time_entries", {"approved": True, "approved_at": iso_offset(at)}, at, entry)
        self.save(
            "timesheet_submissions", {"status": status, "message": message, "resolved_at": iso_offset(at)}, at, key
        )

    def _resolve_many(self, request: Request, path: str) -> Answer:
        verb = {
            "timesheet_rejections": "rejected",
            "timesheet_cancellations": "cancelled",
            "timesheet_approvals": "approved",
        }[path]
        body = (request.json or {}).get(path[:-1], request.json or {})
        keys = [str(key) for key in body.get("timesheet_submission_ids") or [body.get("timesheet_submission_id")]]
        known = self.tables["timesheet_submissions"].rows
        if any(key not in known for key in keys):
            return fault(422, "validation", "timesheet_submission_id is invalid", "timesheet_submission_id")
        for key in keys:
            self.resolve(key, verb, self._clock.now(), body.get("message"))
        return self._lists.shown(request, "timesheet_submissions", [known[key] for key in keys])
