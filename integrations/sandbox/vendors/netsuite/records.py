"""The ERP's records and what it refuses: unknown references, inactive or foreign tasks, closed periods."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from integrations.sandbox.vendors.wire import iso_z
from integrations.sandbox.world.ledger import Index, Ledger, Row, Table
from models.domain.clock import Clock

TYPES = (
    "subsidiary",
    "customer",
    "job",
    "projectTask",
    "salesOrder",
    "employee",
    "timeBill",
    "expenseReport",
    "invoice",
    "creditMemo",
    "customerPayment",
    "currencyrate",
)
FIRST_NUMBER = {"salesOrder": 1_000_000, "invoice": 2_000_000, "customerPayment": 3_000_000, "creditMemo": 4_000_000}
"""Transactions never share an internal id, since their lines name only the transaction; all else counts from 100."""
ALIAS = {"project": "job", "currencyRate": "currencyrate"}
REFERENCES: dict[str, dict[str, tuple[str, ...]]] = {
    "customer": {"parent": ("customer",), "subsidiary": ("subsidiary",)},
    "job": {"parent": ("customer",), "customer": ("customer",), "subsidiary": ("subsidiary",)},
    "projecttask": {"project": ("job",), "company": ("job",)},
    "salesorder": {"entity": ("job", "customer"), "subsidiary": ("subsidiary",)},
    "employee": {"subsidiary": ("subsidiary",)},
    "timebill": {
        "customer": ("job", "customer"),
        "employee": ("employee",),
        "caseTaskEvent": ("projecttask",),
        "subsidiary": ("subsidiary",),
    },
    "expensereport": {
        "entity": ("employee",),
        "employee": ("employee",),
        "customer": ("job", "customer"),
        "caseTaskEvent": ("projecttask",),
        "subsidiary": ("subsidiary",),
    },
    "invoice": {"entity": ("job", "customer"), "customer": ("customer",), "subsidiary": ("subsidiary",)},
    "creditmemo": {
        "createdFrom": ("invoice",),
        "entity": ("job", "customer"),
        "customer": ("customer",),
        "subsidiary": ("subsidiary",),
    },
    "customerpayment": {"customer": ("customer",), "subsidiary": ("subsidiary",)},
    "subsidiary": {},
    "currencyrate": {},
}
REQUIRED = {
    "customer": ("companyName",),
    "job": ("companyName", "parent"),
    "projecttask": ("title",),
    "salesorder": ("entity",),
    "timebill": ("employee", "tranDate", "hours"),
    "expensereport": (),
    "employee": ("subsidiary",),
}


class Refusal(Exception):
    """What the vendor answers instead of doing it."""

    def __init__(self, status: int, code: str, detail: str, path: str | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.path = status, code, path


class Records:
    """Record tables by lower-case type, each findable by external id."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._clock = clock
        self.tables: dict[str, Table] = {
            name.lower(): ledger.table(f"netsuite.{name.lower()}", FIRST_NUMBER.get(name, 100)) for name in TYPES
        }
        self.external: dict[str, Index] = {
            name: table.index(lambda row: row.get("externalId")) for name, table in self.tables.items()
        }
        self.tombstones = ledger.table("netsuite.tombstone")
        self.periods = ledger.table("netsuite.accountingperiod")
        self.bills_of = self.tables["timebill"].index(lambda row: (row.get("customer") or {}).get("id"))
        self.tasks_of = self.tables["projecttask"].index(
            lambda row: (row.get("project") or row.get("company") or {}).get("id")
        )
        self.bills_for = self.tables["timebill"].index(lambda row: fact_of(row.get("externalId")))
        self.expenses_of = self.tables["expensereport"].index(lambda row: (row.get("customer") or {}).get("id"))
        self.expenses_for = self.tables["expensereport"].index(lambda row: fact_of(row.get("externalId")))

    @property
    def queried(self) -> dict[str, Table]:
        """The tables that queries ask."""
        return {**self.tables, "accountingperiod": self.periods}

    def shut(self, month: str, closed: bool, at: datetime | None = None) -> None:
        """Close an accounting period (YYYY-MM), or open it again; now, unless told when."""
        first, now = date.fromisoformat(f"{month}-01"), iso_z(at or self._clock.now())
        last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
        named = {"periodName": f"{first:%b %Y}", "startDate": first.isoformat(), "endDate": last.isoformat()}
        noted = {"closed": closed, "closedOnDate": now[:10] if closed else None, "lastModifiedDate": now}
        self.periods.put(month, {**named, **noted, **dict.fromkeys(("isYear", "isQuarter", "isAdjust"), False)})

    def kind(self, name: str) -> str | None:
        """The table of a type name as the URL spells it, in any case."""
        lowered = ALIAS.get(name, name).lower()
        return lowered if lowered in self.tables else None

    def find(self, name: str, key: str) -> str | None:
        """Internal id for an internal id or `eid:` address."""
        if key.startswith("eid:"):
            return self.external[name].first(key[4:])
        return key if key in self.tables[name].rows else None

    def create(self, name: str, fields: Mapping[str, Any]) -> str:
        if fields.get("externalId") and self.external[name].first(fields["externalId"]):
            raise Refusal(
                400, "USER_ERROR", f"This record already exists: external ID {fields['externalId']}.", "externalId"
            )
        return self._save(name, self._number(name, fields.get("externalId")), {}, fields)

    def _number(self, name: str, external: Any) -> str:
        """The next internal id; a record made again after its deletion gets its old one, which transactions name."""
        deleted = self.tombstones.get(f"{name}:{external}")
        return (
            str(deleted["id"])
            if deleted and deleted["id"] not in self.tables[name].rows
            else self.tables[name].new_key()
        )

    def upsert(self, name: str, external: str, fields: Mapping[str, Any]) -> tuple[str, bool]:
        """The internal id, and whether the record is new."""
        if not external or "|" in external:
            raise Refusal(400, "INVALID_CONTENT", "The external ID may hold letters, digits, _ and -.", "externalId")
        key = self.external[name].first(external)
        if key is None:
            return self._save(name, self._number(name, external), {}, {**fields, "externalId": external}), True
        return self._save(name, key, self.tables[name].rows[key], fields), False

    def change(self, name: str, key: str, fields: Mapping[str, Any]) -> None:
        if key not in self.tables[name].rows:
            raise Refusal(404, "NONEXISTENT_ID", "The record instance does not exist.")
        self._save(name, key, self.tables[name].rows[key], fields)

    def remove(self, name: str, key: str) -> None:
        """Delete a record, and a project's tasks with it."""
        for task in self.tasks_of.keys(key) if name == "job" else ():
            self.remove("projecttask", task)
        row = self.tables[name].rows[key]
        if name in ("job", "projecttask"):
            self.tombstones.put(f"{name}:{row.get('externalId')}", dict(row))
        self.tables[name].delete(key)

    def _save(self, name: str, key: str, old: Row, fields: Mapping[str, Any]) -> str:
        missing = [field for field in REQUIRED.get(name, ()) if field not in old and fields.get(field) in (None, "")]
        if missing:
            raise Refusal(400, "USER_ERROR", f"Please enter value(s) for: {', '.join(missing)}", missing[0])
        fresh = {
            **old,
            **{
                field: self._resolved(name, field, value)
                for field, value in fields.items()
                if field not in ("id", "links")
            },
        }
        if "item" in fields and old.get("item"):
            fresh["item"] = kept_progress(old["item"], fresh["item"])
        self._check(name, fresh, old)
        now = iso_z(self._clock.now())
        stamped = {**fresh, "id": key, "createdDate": old.get("createdDate", now), "lastModifiedDate": now}
        self.tables[name].put(key, {"isInactive": False, **stamped} if name not in ("timebill", "invoice") else stamped)
        return key

    def _resolved(self, name: str, field: str, value: Any) -> Any:
        if isinstance(value, dict) and "items" in value:
            lines = [
                {part: self._resolved(name, part, content) for part, content in line.items()} for line in value["items"]
            ]
            return {**value, "items": lines}
        kinds = REFERENCES[name].get(field)
        if kinds is None or value is None:
            return value
        found = self._target(kinds, value)
        if found is None:
            shown = value.get("externalId") or value.get("id") if isinstance(value, dict) else value
            raise invalid(shown, field)
        kind, key = found
        row = self.tables[kind].rows[key]
        named = (
            row.get("title")
            or row.get("entityId")
            or row.get("companyName")
            or row.get("name")
            or row.get("externalId")
            or key
        )
        return {"id": key, "refName": str(named)}

    def _target(self, kinds: tuple[str, ...], value: Any) -> tuple[str, str] | None:
        wanted = value if isinstance(value, dict) else {"id": str(value)}
        for kind in kinds:
            key = str(wanted["id"]) if wanted.get("id") else self.external[kind].first(wanted.get("externalId"))
            if key in self.tables[kind].rows:
                return kind, str(key)
        return None

    def _check(self, name: str, row: Mapping[str, Any], old: Row) -> None:
        if name not in ("timebill", "expensereport"):
            return
        if old.get("custcol_invoiced") and any(
            row.get(part) != old.get(part) for part in ("hours", "rate", "customer", "amount", "total")
        ):
            raise Refusal(400, "USER_ERROR", "You cannot edit this record: it is already invoiced.")
        day = str(row.get("tranDate", ""))[:10]
        if self.periods.get(day[:7]) and self.periods.rows[day[:7]]["closed"]:
            raise Refusal(
                400, "USER_ERROR", f"You cannot edit/create a transaction in a closed period ({day[:7]}).", "tranDate"
            )
        lines = (row.get("expense") or {}).get("items") or [row]
        for line in lines:
            self._check_task(line.get("customer") or row.get("customer"), line.get("caseTaskEvent"))

    def _check_task(self, job: Any, task: Any) -> None:
        if not task:
            return
        record = self.tables["projecttask"].rows[task["id"]]
        owner = record.get("project") or record.get("company") or {}
        if job and owner.get("id") != job["id"]:
            raise invalid(record.get("title") or task["id"], "caseTaskEvent")
        if record.get("isInactive"):
            raise Refusal(
                400,
                "USER_ERROR",
                f"The project task {record.get('title')} is inactive. Choose an active task.",
                "caseTaskEvent",
            )


def invalid(value: Any, field: str) -> Refusal:
    said = f"You have entered an Invalid Field Value {value} for the following field: {field}"
    detail = f"Error while accessing resource: {said}"
    return Refusal(400, "INVALID_CONTENT", detail, field)


def kept_progress(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """New order lines that keep what accounting noted on the same milestones: done when, accepted, billed on."""
    noted = {
        line.get("custcol_milestone_id"): line for line in old.get("items", []) if line.get("custcol_milestone_id")
    }
    lines = [
        {
            **line,
            **{
                mark: before[mark]
                for mark in ("custcol_completed", "custcol_accepted", "custcol_invoice")
                if before.get(mark)
            },
        }
        if (before := noted.get(line.get("custcol_milestone_id")))
        else line
        for line in new.get("items", [])
    ]
    return {**new, "items": lines}


def fact_of(external: Any) -> str | None:
    """The business fact behind a posting's external id: TE-kantata-27-v2-R -> TE-kantata-27."""
    return str(external).rsplit("-v", 1)[0] if external else None
