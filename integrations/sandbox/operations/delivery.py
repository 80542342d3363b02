"""What people do with time in the PSA: users, timesheets handed in and decided, corrections."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.vendors.kantata.emulator import Kantata
from integrations.sandbox.vendors.wire import iso_offset
from integrations.sandbox.world.ledger import Ledger, Row
from integrations.sandbox.world.plan import Plan, bill_rate
from integrations.sandbox.world.timesheets import Cost, Entry, Sheet

CENT = Decimal("0.01")


class Delivery:
    """Operations in Kantata; each answers whether it could be done now. What was logged is noted in `world.entries`."""

    def __init__(self, psa: Kantata, ledger: Ledger, plan: Plan) -> None:
        self._psa, self._plan = psa, plan
        self._user = psa.tables["users"].index(lambda row: row.get("external_reference"))
        self.entries = ledger.table("world.entries")
        self.costs = ledger.table("world.expenses")
        self.sheets = ledger.table("world.sheets")
        self.by_key = self.entries.index(lambda row: row["key"])
        self.by_sheet = self.entries.index(lambda row: row["sheet"])
        self._costs_by_sheet = self.costs.index(lambda row: row["sheet"])

    def found(self, at: datetime) -> None:
        """The PSA's users as the scenario begins, each with the worker number as its external reference."""
        references = self._psa.tables["external_references"]
        for worker in self._plan.people:
            key = self._psa.save(
                "users",
                {
                    "full_name": worker.name,
                    "email_address": worker.email,
                    "headline": worker.role,
                    "external_reference": worker.number,
                },
                at,
            )
            number = references.new_key()
            references.put(
                number,
                {
                    "id": number,
                    "subject_type": "User",
                    "subject_id": key,
                    "service_name": "workday",
                    "service_model": "resource",
                    "service_model_ref": worker.number,
                    "status": "successful",
                    "external_link": None,
                    "external_status": None,
                    "external_message": None,
                    "locked": False,
                    "created_at": iso_offset(at),
                    "updated_at": iso_offset(at),
                    "last_synced_at": iso_offset(at),
                },
            )

    def open_workspace(self, code: str) -> str | None:
        """The workspace where time can be logged, if there is one."""
        key = self._psa.workspace(code)
        return key if key is not None and not self._psa.tables["workspaces"].rows[key]["archived"] else None

    # Timesheets.

    def log(self, at: datetime, sheet_key: str, day: str) -> bool:
        """Write down one day's hours, not handed in yet."""
        sheet = self._plan.sheets[sheet_key]
        return self._written(sheet, [entry for entry in sheet.entries if entry.day == date.fromisoformat(day)], at)

    def submit(self, at: datetime, sheet_key: str) -> bool:
        """Hand in a week: what is not logged yet is logged, then all of it waits for a decision."""
        sheet = self._plan.sheets[sheet_key]
        if self.sheets.get(sheet_key):
            return True
        workspace = self.open_workspace(sheet.deal.code)
        if workspace is None or any(self._psa.story(workspace, entry.shown) is None for entry in sheet.entries):
            return False
        submission = self._hand_in(sheet, workspace, at)
        self._written(sheet, sheet.entries, at, submission)
        self._spent(sheet, at)
        self._psa.tables["timesheet_submissions"].change(submission, line_item_ids=self.by_sheet.keys(sheet.key))
        return True

    def _hand_in(self, sheet: Sheet, workspace: str, at: datetime) -> str:
        """A new submission; what was logged before moves into it."""
        days = sorted(entry.day.isoformat() for entry in sheet.entries) or [at.date().isoformat()]
        keys = self.by_sheet.keys(sheet.key)
        submission = self._psa.save(
            "timesheet_submissions",
            {
                "status": "new",
                "user_id": self._user.first(sheet.worker.number),
                "workspace_id": workspace,
                "start_date": days[0],
                "end_date": days[-1],
                "line_item_ids": keys,
                "resolved_at": None,
                "message": None,
            },
            at,
        )
        for key in keys:
            if self.entries.rows[key]["state"] in ("open", "rejected"):
                self._psa.save(
                    "time_entries", {"timesheet_submission_id": submission, "submitted_at": iso_offset(at)}, at, key
                )
                self.entries.change(key, state="submitted")
        self.sheets.put(sheet.key, {"submission": submission, "state": "submitted"})
        return submission

    def _written(self, sheet: Sheet, entries: list[Entry], at: datetime, submission: str | None = None) -> bool:
        """Log entries that are not logged yet; False while their project or task is not in the PSA."""
        workspace = self.open_workspace(sheet.deal.code)
        if workspace is None:
            return False
        stories = {entry.shown: self._psa.story(workspace, entry.shown) for entry in entries}
        if None in stories.values():
            return False
        for entry in entries:
            if self.by_key.first(entry.key) is None:
                self.log_entry(sheet, entry, workspace, str(stories[entry.shown]), at, submission)
        return True

    def log_entry(
        self, sheet: Sheet, entry: Entry, workspace: str, story: str, at: datetime, submission: str | None = None
    ) -> str:
        """Write hours down in the PSA and note what is true of them; the entry's id."""
        rate, cost = int(bill_rate(sheet) * 100), None if sheet.unpriced else int(sheet.worker.cost_rate * 100)
        key = self._psa.save(
            "time_entries",
            {
                "date_performed": entry.day.isoformat(),
                "time_in_minutes": entry.minutes,
                "billable": sheet.deal.billable_time,
                "notes": entry.notes,
                "rate_in_cents": rate,
                "cost_rate_in_cents": cost,
                "currency": sheet.deal.currency,
                "currency_symbol": sheet.deal.currency,
                "currency_base_unit": 100,
                "approved": False,
                "is_invoiced": False,
                "taxable": False,
                "story_id": story,
                "workspace_id": workspace,
                "user_id": self._user.first(sheet.worker.number),
                "timesheet_submission_id": submission,
                "submitted_at": iso_offset(at) if submission else None,
                "approved_at": None,
                **sheet.beyond,
            },
            at,
        )
        self.entries.put(
            key,
            {
                "key": entry.key,
                "sheet": sheet.key,
                "project": sheet.deal.code,
                "code": entry.code,
                "shown": entry.shown,
                "worker": sheet.worker.number,
                "day": entry.day.isoformat(),
                "minutes": entry.minutes,
                "billable": sheet.deal.billable_time,
                "rate": str(bill_rate(sheet)),
                "currency": sheet.deal.currency,
                "state": "submitted" if submission else "open",
                "approved_at": None,
                "fault": sheet.fault,
            },
        )
        return key

    def _spent(self, sheet: Sheet, at: datetime) -> None:
        workspace = self._psa.workspace(sheet.deal.code)
        for cost in sheet.expenses:
            self._log_cost(sheet, cost, str(workspace), at)

    def _log_cost(self, sheet: Sheet, cost: Cost, workspace: str, at: datetime) -> None:
        code = sheet.deal.tasks[0][0]
        key = self._psa.save(
            "expenses",
            {
                "date": cost.day.isoformat(),
                "amount_in_cents": cost.cents,
                "currency": sheet.deal.currency,
                "currency_symbol": sheet.deal.currency,
                "currency_base_unit": 100,
                "category": cost.category,
                "notes": f"{cost.category}, {sheet.worker.name}",
                "billable": sheet.deal.billable_time,
                "approved": False,
                "is_invoiced": False,
                "taxable": False,
                "story_id": self._psa.story(workspace, code),
                "workspace_id": workspace,
                "user_id": self._user.first(sheet.worker.number),
                "submitted_at": iso_offset(at),
                "approved_at": None,
            },
            at,
        )
        self.costs.put(
            key,
            {
                "sheet": sheet.key,
                "project": sheet.deal.code,
                "code": code,
                "day": cost.day.isoformat(),
                "cents": cost.cents,
                "currency": sheet.deal.currency,
                "state": "submitted",
                "approved_at": None,
                "fault": sheet.fault,
            },
        )

    def decide(self, at: datetime, sheet_key: str) -> bool:
        """The manager approves the week, or turns it down."""
        sheet, held = self._plan.sheets[sheet_key], self.sheets.get(sheet_key)
        if held is None:
            return False
        if held["state"] == "submitted":
            self._resolved(sheet_key, held, sheet.verdict, at)
        return True

    def _resolved(self, sheet_key: str, held: Row, verdict: str, at: datetime) -> None:
        note = "Please split travel from project work" if verdict == "rejected" else None
        self._psa.resolve(held["submission"], verdict, at, note)
        for key in self.by_sheet.keys(sheet_key):
            if self.entries.rows[key]["state"] == "submitted":
                self.entries.change(key, state=verdict, approved_at=iso_offset(at) if verdict == "approved" else None)
        for key in self._costs_by_sheet.keys(sheet_key) if verdict == "approved" else ():
            if self.costs.rows[key]["state"] == "submitted":
                self._psa.save("expenses", {"approved": True, "approved_at": iso_offset(at)}, at, key)
                self.costs.change(key, state="approved", approved_at=iso_offset(at))
        self.sheets.change(sheet_key, state=verdict)

    def resubmit(self, at: datetime, sheet_key: str) -> bool:
        """Hand in a week again that was turned down, with a new submission, and have it approved."""
        held = self.sheets.get(sheet_key)
        if held is None:
            return False
        if held["state"] == "rejected":
            sheet = self._plan.sheets[sheet_key]
            self._hand_in(sheet, str(self._psa.workspace(sheet.deal.code)), at)
            self._resolved(sheet_key, self.sheets.rows[sheet_key], "approved", at)
        return True

    def resubmit_all(self, at: datetime) -> bool:
        for key in [key for key, row in self.sheets.rows.items() if row["state"] == "rejected"]:
            self.resubmit(at, key)
        return True

    def decide_all(self, at: datetime) -> bool:
        """Approve every timesheet that waits, those too whose manager would have come to them by himself."""
        for key in [key for key, row in self.sheets.rows.items() if row["state"] == "submitted"]:
            self._resolved(key, self.sheets.rows[key], "approved", at)
        return True

    def owed(self) -> dict[str, Decimal]:
        """What customers owe for each piece of work that was approved."""
        time = {
            f"TE-kantata-{key}": (Decimal(row["minutes"]) / 60 * Decimal(row["rate"])).quantize(CENT)
            for key, row in self.entries.rows.items()
            if row["state"] == "approved" and row["billable"]
        }
        costs = {
            f"EX-kantata-{key}": Decimal(row["cents"]) / 100
            for key, row in self.costs.rows.items()
            if row["state"] == "approved"
        }
        return time | costs

    # Changes after the fact.

    def correct(self, at: datetime, sheet_key: str, entry_key: str, minutes: str) -> bool:
        """Change the hours of an approved entry."""
        return self._changed(entry_key, {"time_in_minutes": int(minutes)}, {"minutes": int(minutes)}, at)

    def correct_late(self, at: datetime, sheet_key: str, entry_key: str, minutes: str, fault: str) -> bool:
        """Change the hours of an approved entry that the ERP will not let go of."""
        noted = {"minutes": int(minutes), "fault": fault}
        return self._changed(entry_key, {"time_in_minutes": int(minutes)}, noted, at)

    def take_back(self, at: datetime, sheet_key: str, entry_key: str, minutes: str) -> bool:
        """Book less than nothing on the task of an approved entry, which takes a part of it back."""
        return self._beside(sheet_key, entry_key, at.date(), -int(minutes), at)

    def night(self, at: datetime, sheet_key: str, day: str, minutes: str) -> bool:
        """Book a night's work on the task of a timesheet's first entry; it is approved within the hour."""
        first = self._plan.sheets[sheet_key].entries[0]
        return self._beside(sheet_key, first.key, date.fromisoformat(day), int(minutes), at)

    def _beside(self, sheet_key: str, entry_key: str, day: date, minutes: int, at: datetime) -> bool:
        """Log and approve an entry like one of a timesheet, outside of it."""
        sheet, key = self._plan.sheets[sheet_key], f"{entry_key}/{day}"
        like = next(entry for entry in sheet.entries if entry.key == entry_key)
        workspace = self.open_workspace(sheet.deal.code)
        story = self._psa.story(workspace, like.shown) if workspace else None
        if workspace is None or story is None or self.by_key.first(entry_key) is None:
            return False
        if self.by_key.first(key) is None:
            fresh = replace(like, key=key, day=day, minutes=minutes, notes=f"beside {like.day}")
            self.log_entry(replace(sheet, key=key, fault=None), fresh, workspace, story, at)
        return self.approve(at + timedelta(minutes=40), key)

    def _changed(self, entry_key: str, fields: dict[str, Any], noted: dict[str, Any], at: datetime) -> bool:
        key = self.by_key.first(entry_key)
        if key is None or self.entries.rows[key]["state"] != "approved":
            return False
        self._psa.save("time_entries", fields, at, key)
        self.entries.change(key, **noted)
        return True

    def approve(self, at: datetime, entry_key: str) -> bool:
        """Approve one entry that was logged outside a timesheet."""
        key = self.by_key.first(entry_key)
        if key is None or self.entries.rows[key]["state"] != "open":
            return False
        self._psa.save("time_entries", {"approved": True, "approved_at": iso_offset(at)}, at, key)
        self.entries.change(key, state="approved", approved_at=iso_offset(at))
        return True

    def withdraw(self, at: datetime, sheet_key: str, entry_key: str) -> bool:
        """Delete an approved entry."""
        key = self.by_key.first(entry_key)
        if key is None or self.entries.rows[key]["state"] != "approved":
            return False
        self._psa.remove("time_entries", key, at)
        self.entries.change(key, state="withdrawn")
        return True
