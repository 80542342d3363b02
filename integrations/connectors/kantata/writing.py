"""Writes to Kantata. It has no idempotency: every create looks first, by our external reference and then by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.connectors.kantata.client import KantataClient
from integrations.connectors.kantata.names import first_word
from integrations.connectors.rows import Row, jsonable
from integrations.connectors.targets import body_of, holds
from integrations.contracts.connector import Change
from models.domain.errors import Unmappable

OURS = "tieout"
SUBJECT = {"project": "Workspace", "resource": "User", "time_entry": "TimeEntry", "expense": "Expense"}
PLURAL = {"project": "workspaces", "resource": "users", "time_entry": "time_entries", "expense": "expenses"}
SUBMISSION = {"time_entry": "timesheet_submission", "expense": "expense_report_submission"}
POSTING = {"time_entry": "timebill", "expense": "expensereport"}
STORY = "story "
Raw = Mapping[str, Any]


def project_wanted(change: Change) -> dict[str, Any]:
    """A workspace's fields, and one `story <charge code>` field with the title of each task that takes time."""
    row = Row(body_of(change), sparse=True, textual=True)
    fields = {
        "title": f"{row.text('code')} · {row.text('name')}",
        "currency": row.opt_text("currency"),
        "start_date": row.opt_text("starts_on"),
        "due_date": row.opt_text("ends_on"),
        "archived": row.opt_text("status") in ("closed", "cancelled"),
    }
    codes = {
        str(task.opt_text("charge_code")): task.text("name")
        for task in row.children("tasks")
        if task.opt_text("charge_code")
    }
    titles = {f"{STORY}{code}": f"{code} {name}" for code, name in codes.items()}
    return {name: value for name, value in (fields | titles).items() if value is not None}


def resource_wanted(change: Change) -> dict[str, Any]:
    """The fields of a user that a canonical resource asks for."""
    row = Row(body_of(change), sparse=True, textual=True)
    fields = {
        "full_name": row.text("name"),
        "email_address": row.opt_text("email"),
        "disabled": row.opt_flag("active") is False,
    }
    return {name: value for name, value in fields.items() if value is not None}


def note_wanted(change: Change, service: str | None) -> dict[str, Any]:
    """A row of the sync ledger. Body: status (successful | failed), posting_id, system, message, code."""
    row = Row(body_of(change), sparse=True)
    fields = {
        "subject_type": SUBJECT[change.entity],
        "subject_id": subject_id(change),
        "service_name": service or row.opt_text("system") or "erp",
        "service_model": POSTING[change.entity],
        "service_model_ref": row.opt_text("posting_id") or change.external_id,
        "status": row.text("status"),
        "external_status": row.opt_text("code"),
        "external_message": row.opt_text("message"),
    }
    return {name: value for name, value in fields.items() if value is not None}


def subject_id(change: Change) -> str:
    """The vendor's id of the entry: as the flow gives it, else the end of our own id."""
    found = change.refs.get(change.entity) or change.external_id.rsplit("-", 1)[-1]
    if not found.isdecimal():
        raise Unmappable(
            f"{change.external_id} names no {change.entity} of this system", "refs", code="unknown-subject"
        )
    return found


class Writer:
    """Finds, creates and brings up to date what belongs to one change."""

    def __init__(self, client: KantataClient, service: str | None) -> None:
        self._client, self._service = client, service

    def wanted(self, change: Change) -> dict[str, Any]:
        if change.action == "annotate":
            return note_wanted(change, self._service)
        return project_wanted(change) if change.entity == "project" else resource_wanted(change)

    def current(self, change: Change) -> tuple[str, dict[str, Any]] | None:
        """The vendor's id and present fields (those that the change would write), or None."""
        wanted = self.wanted(change)
        if change.action == "annotate":
            return self._note(change, wanted)
        row = self._row(change, wanted)
        if row is None:
            return None
        held = {name: row.get(name) for name in wanted if not name.startswith(STORY)}
        if change.entity == "project":
            held |= {name: title for name, (_, title) in self._stories(str(row["id"])).items() if name in wanted}
        return str(row["id"]), jsonable(held)

    def upsert(self, change: Change) -> tuple[str, bool]:
        """The vendor's id, and whether it is new. Repeating it changes nothing."""
        wanted = self.wanted(change)
        fields = {name: value for name, value in wanted.items() if not name.startswith(STORY)}
        row = self._row(change, wanted)
        kind = "workspace" if change.entity == "project" else "user"
        if row is None:
            internal = self._created(change, kind, fields)
        else:
            internal = str(row["id"])
            if not holds(row, fields):
                self._client.change(f"{PLURAL[change.entity]}/{internal}", {kind: fields}, change.key)
        if row is None or not self._referred(change):
            self._refer(change, internal)
        if change.entity == "project":
            self._fit_stories(internal, wanted, change.key)
        return internal, row is None

    def annotate(self, change: Change) -> str:
        """The id of the ledger's row; a failed posting also sends its timesheet back with the message."""
        wanted = self.wanted(change)
        row = self._client.refer(wanted, change.key)
        if wanted["status"] == "failed":
            self._send_back(change, wanted)
        return str(row.get("id") or wanted["subject_id"])

    def _created(self, change: Change, kind: str, fields: Mapping[str, Any]) -> str:
        if kind == "user" and "email_address" not in fields:
            raise Unmappable(
                "the resource has no e-mail, and a user cannot be made without one", "email", code="missing-field"
            )
        extra = {"creator_role": "maven"} if kind == "workspace" else {}
        rows = self._client.create(PLURAL[change.entity], {kind: {**extra, **fields}}, change.key)
        return str(rows[0]["id"])

    def _row(self, change: Change, wanted: Mapping[str, Any]) -> Raw | None:
        plural = PLURAL[change.entity]
        for reference in self._references(change):
            found = self._client.only(plural, [str(reference["subject_id"])])
            if found:
                return next(iter(found.values()))
        if change.entity == "project":
            query = {"search": change.external_id, "include_archived": "true"}
            return next(
                (
                    row
                    for row in self._client.all(plural, query)
                    if first_word(str(row.get("title"))) == change.external_id
                ),
                None,
            )
        mail = wanted.get("email_address")
        return next(self._client.all(plural, {"email_address": mail}), None) if mail else None

    def _references(self, change: Change) -> list[Raw]:
        query = {"subject_type": SUBJECT[change.entity], "service_model_ref": change.external_id}
        return list(self._client.all("external_references", query))

    def _referred(self, change: Change) -> bool:
        return any(row.get("service_name") == OURS for row in self._references(change))

    def _refer(self, change: Change, internal: str) -> None:
        reference = {
            "subject_type": SUBJECT[change.entity],
            "subject_id": internal,
            "service_name": OURS,
            "service_model": change.entity,
            "service_model_ref": change.external_id,
            "status": "successful",
        }
        self._client.refer(reference, change.key)

    def _stories(self, workspace: str) -> dict[str, tuple[str, str]]:
        """`story <charge code>` -> (id, title)."""
        rows = self._client.all("stories", {"workspace_id": workspace})
        return {f"{STORY}{first_word(str(row['title']))}": (str(row["id"]), str(row["title"])) for row in rows}

    def _fit_stories(self, workspace: str, wanted: Mapping[str, Any], key: str) -> None:
        titles = {name: str(title) for name, title in wanted.items() if name.startswith(STORY)}
        if not titles:
            return
        held = self._stories(workspace)
        missing = [title for name, title in titles.items() if name not in held]
        if missing:
            stories = [{"workspace_id": workspace, "title": title, "story_type": "task"} for title in missing]
            for start in range(0, len(stories), 100):
                self._client.create("stories", {"stories": stories[start : start + 100]}, key)
        for name, title in titles.items():
            if name in held and held[name][1] != title:
                self._client.change(f"stories/{held[name][0]}", {"story": {"title": title}}, key)

    def _note(self, change: Change, wanted: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        rows = self._client.references(str(wanted["subject_type"]), [str(wanted["subject_id"])]).get(
            str(wanted["subject_id"]), []
        )
        mine = [row for row in rows if all(row.get(name) == wanted[name] for name in ("service_name", "service_model"))]
        return (str(mine[0]["id"]), jsonable({name: mine[0].get(name) for name in wanted})) if mine else None

    def _send_back(self, change: Change, wanted: Mapping[str, Any]) -> None:
        kind = SUBMISSION[change.entity]
        entry = self._client.only(PLURAL[change.entity], [str(wanted["subject_id"])]).get(str(wanted["subject_id"]), {})
        submission = entry.get(f"{kind}_id")
        if submission:
            self._client.change(
                f"{kind}s/{submission}/reject", {kind: {"message": wanted.get("external_message", "")}}, change.key
            )
