"""What is true in the world, and where a system says otherwise.

The truth of a time entry is what the ERP must finally hold: net hours, project, charge code, rate and amount. A
planted, unmended fault may explain a difference; one that nothing explains is a defect of the integration.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.operations.accounts import Accounts
from integrations.sandbox.operations.books import hours
from integrations.sandbox.operations.copies import Copies
from integrations.sandbox.operations.life import Life
from integrations.sandbox.operations.measures import Measures, Work
from integrations.sandbox.vendors.vendors import Vendors
from integrations.sandbox.vendors.wire import instant
from integrations.sandbox.world.fault import Fault
from integrations.sandbox.world.ledger import Row, Table
from integrations.sandbox.world.plan import Plan

CENT = Decimal("0.01")
BLOCKING = {
    "project-deleted-in-erp",
    "orphan-in-psa",
    "unknown-charge-code",
    "foreign-charge-code",
    "inactive-charge-code",
    "closed-period",
    "late-correction",
    "missing-rate",
}
AFTER_INVOICE = {
    "partly-credited",
    "partly-invoiced",
    "billed-twice",
    "cut-after-invoice",
    "raised-after-invoice",
}
COPIED = {"copy-cancelled-in-psa", "invoice-typed-in-psa"}
FLIGHT = timedelta(seconds=300)
"""A change younger than this may still be on its way."""


class Truth:
    """Reads the world's notes beside the vendors' tables; writes nothing."""

    def __init__(self, plan: Plan, vendors: Vendors, life: Life, mended: Table) -> None:
        self._plan, self._vendors, self._life, self._mended = plan, vendors, life, mended
        self._kinds = {fault.id: fault.kind for fault in plan.faults}
        self._copies = Copies(vendors.psa, Accounts(vendors.erp))
        copies = {"copy-cancelled-in-psa": self._copies.unshown, "invoice-typed-in-psa": self._copies.typed}
        self._measures = Measures(vendors.erp.records, self._work, copies)

    def of(self, entity: str) -> list[dict[str, Any]]:
        """Rows of one entity: time_entry, expense, project. Raises KeyError for another."""
        return list({"time_entry": self.time_entries, "expense": self.expenses, "project": self.projects}[entity]())

    def time_entries(self) -> Iterator[dict[str, Any]]:
        """Every entry that was logged; `posted` says whether the ERP must hold it in the end."""
        for key, row in self._life.delivery.entries.rows.items():
            worked = Decimal(row["minutes"]) / 60
            rate = Decimal(row["rate"]) if row["billable"] else Decimal(0)
            yield {
                "time_entry_id": f"TE-kantata-{key}",
                "project_code": row["project"],
                "charge_code": row["code"],
                "shown_code": row["shown"],
                "resource_number": row["worker"],
                "work_date": row["day"],
                "hours": str(worked.quantize(CENT)),
                "billable": row["billable"],
                "bill_rate": str(rate),
                "amount": str((worked * rate).quantize(CENT)),
                "currency": row["currency"],
                "state": row["state"],
                "posted": row["state"] == "approved",
                "approved_at": row["approved_at"],
                "fault": self._holding(row),
            }

    def expenses(self) -> Iterator[dict[str, Any]]:
        for key, row in self._life.delivery.costs.rows.items():
            yield {
                "expense_id": f"EX-kantata-{key}",
                "project_code": row["project"],
                "charge_code": row["code"],
                "spent_on": row.get("day", ""),
                "amount": str(Decimal(row["cents"]) / 100),
                "currency": row["currency"],
                "state": row["state"],
                "posted": row["state"] == "approved",
                "approved_at": row["approved_at"],
                "fault": self._holding(row),
            }

    def projects(self) -> Iterator[dict[str, Any]]:
        """Every sale that was won, and what each system must hold: nothing while a mandatory field is missing."""
        seen: set[str] = set()
        for row in self._vendors.crm.tables["Opportunity"].rows.values():
            code = self._true_code(row["Project_Code__c"])
            if row.get("IsWon") and code not in seen:
                seen.add(code)
                lacks = [
                    name
                    for name in (
                        "Service_Line__c",
                        "Cost_Centre__c",
                        "Tax_Profile__c",
                        "Legal_Entity__c",
                        "Contract_Type__c",
                    )
                    if not row.get(name)
                ]
                deal = self._plan.deals[code]
                yield {
                    "project_code": deal.code,
                    "name": deal.name,
                    "value": str(deal.value),
                    "currency": deal.currency,
                    "legal_entity": deal.entity.id,
                    "lacks": lacks,
                    "complete": not lacks,
                    "won_at": row["Closed_Won_At__c"],
                    "charge_codes": [code for code, _, _ in deal.tasks],
                    "milestones": len(deal.milestones),
                }

    def _true_code(self, code: str) -> str:
        """The code that a sale was won under: sales may have given it another since, which begins with it."""
        return code if code in self._plan.deals else code.rsplit("-", 1)[0]

    def held(self, fault: Fault) -> dict[str, Decimal]:
        """What a fault holds back that only the systems can tell, by currency."""
        return self._measures.of(fault.kind, fault.subject)

    def _work(self) -> Iterator[Work]:
        for row in self.time_entries():
            owed = Decimal(row["amount"]) if row["posted"] else Decimal(0)
            yield Work(row["time_entry_id"], row["project_code"], row["work_date"], owed, row["currency"])
        for row in self.expenses():
            owed = Decimal(row["amount"]) if row["posted"] else Decimal(0)
            yield Work(row["expense_id"], row["project_code"], row["spent_on"], owed, row["currency"])

    def _holding(self, row: Row) -> str | None:
        """The unmended fault that holds an entry back, if one does."""
        fault = row["fault"]
        held = fault is not None and fault not in self._mended.rows and self._kinds.get(fault) in BLOCKING
        wrong = self._kinds.get(fault or "") in ("unknown-charge-code", "foreign-charge-code")
        return fault if held and not (wrong and row.get("shown") == row["code"]) else None

    def compare(self, now: datetime) -> dict[str, Any]:
        """Differences between the systems and the truth: `explained` by an unmended fault, `to_replay` where its fault
        is mended and the entry still waits for its replay, `in_flight` when young, else `unexplained`.
        """
        found: dict[str, list[dict[str, Any]]] = {"unexplained": [], "explained": [], "to_replay": [], "in_flight": []}
        for difference, fault, since in (
            *self._entry_differences(),
            *self._expense_differences(),
            *self._project_differences(),
            *self._invoice_differences(),
            *self._copy_differences(),
        ):
            young = since is not None and now - instant(since) < FLIGHT
            replay = difference["entity"] == "time_entry" and self._mended_behind(difference["key"])
            place = "explained" if fault else "to_replay" if replay else "in_flight" if young else "unexplained"
            found[place].append({**difference, "fault": fault})
        counts = {name: len(rows) for name, rows in found.items()}
        by_fault: dict[str, int] = {}
        for row in found["explained"]:
            by_fault[row["fault"]] = by_fault.get(row["fault"], 0) + 1
        return {"as_of": now.isoformat(), "counts": counts, "by_fault": by_fault, **found}

    def _mended_behind(self, entry: str) -> bool:
        """Whether an entry had a fault that is mended now."""
        row = self._life.delivery.entries.get(entry.rsplit("-", 1)[1])
        return row is not None and row["fault"] in self._mended.rows

    def _entry_differences(self) -> Iterator[tuple[dict[str, Any], str | None, str | None]]:
        records = self._vendors.erp.records
        bills = records.tables["timebill"].rows
        jobs, tasks = records.tables["job"].rows, records.tables["projecttask"].rows
        for truth in self.time_entries():
            held = [bills[key] for key in records.bills_for.keys(truth["time_entry_id"])]
            net = sum((hours(row["hours"]) for row in held), Decimal(0)).quantize(CENT)
            wanted = Decimal(truth["hours"]) if truth["posted"] else Decimal(0)
            subject = {"entity": "time_entry", "key": truth["time_entry_id"], "project": truth["project_code"]}
            if abs(net - wanted) > CENT:
                yield (
                    {**subject, "field": "hours", "wanted": str(wanted), "held": str(net)},
                    truth["fault"],
                    truth["approved_at"],
                )
            elif held and wanted:
                last = held[-1]
                job, task = (
                    jobs.get((last.get("customer") or {}).get("id", "")),
                    tasks.get((last.get("caseTaskEvent") or {}).get("id", "")),
                )
                for field, record, name in (("project_code", job, "externalId"), ("charge_code", task, "title")):
                    if record is not None and record.get(name) != truth[field]:
                        yield (
                            {**subject, "field": field, "wanted": truth[field], "held": record.get(name)},
                            truth["fault"],
                            truth["approved_at"],
                        )

    def _expense_differences(self) -> Iterator[tuple[dict[str, Any], str | None, str | None]]:
        records = self._vendors.erp.records
        for truth in self.expenses():
            rows = [records.tables["expensereport"].rows[key] for key in records.expenses_for.keys(truth["expense_id"])]
            net = sum((Decimal(str(row.get("total", row.get("amount", 0)))) for row in rows), Decimal(0)).quantize(CENT)
            wanted = Decimal(truth["amount"]) if truth["posted"] else Decimal(0)
            if net != wanted:
                yield (
                    {
                        "entity": "expense",
                        "key": truth["expense_id"],
                        "project": truth["project_code"],
                        "field": "amount",
                        "wanted": str(wanted),
                        "held": str(net),
                    },
                    truth["fault"],
                    truth["approved_at"],
                )

    def _project_differences(self) -> Iterator[tuple[dict[str, Any], str | None, str | None]]:
        records, psa = self._vendors.erp.records, self._vendors.psa
        spaces: dict[str, int] = {}
        for row in psa.tables["workspaces"]:
            code = row["title"].split(" ", 1)[0]
            spaces[code] = spaces.get(code, 0) + 1
        for truth in self.projects():
            code, fault = truth["project_code"], self._of_project(truth["project_code"])
            held = {
                "erp": int(records.external["job"].first(code) is not None),
                "psa": spaces.get(code, 0),
                "ppm": int(code in self._vendors.ppm.tables["projects"].rows),
                "erp_charge_codes": sum(
                    records.external["projecttask"].first(task.replace(".", "_")) is not None
                    for task in truth["charge_codes"]
                ),
            }
            wanted = (
                {"erp": 1, "psa": 1, "ppm": 1, "erp_charge_codes": len(truth["charge_codes"])}
                if truth["complete"]
                else dict.fromkeys(held, 0)
            )
            for system, count in held.items():
                if count != wanted[system]:
                    yield (
                        {"entity": "project", "key": code, "field": system, "wanted": wanted[system], "held": count},
                        fault,
                        truth["won_at"],
                    )

    def _invoice_differences(self) -> Iterator[tuple[dict[str, Any], str | None, str | None]]:
        """Work that invoices bill at something else than it is worth: somebody planned it, or corrected it since."""
        for work, billed in self._measures.differences():
            subject = {"entity": "invoice_line", "key": work.fact, "project": work.project}
            fault = self._of_subject(work.project, AFTER_INVOICE) or self._of_subject(None, AFTER_INVOICE)
            yield {**subject, "field": "amount", "wanted": str(work.amount), "held": str(billed)}, fault, None

    def _copy_differences(self) -> Iterator[tuple[dict[str, Any], str | None, str | None]]:
        """Invoices that the PSA shows otherwise than the ERP has them: somebody changed or typed them there."""
        for code, name, wanted, held, since in self._copies.differences():
            subject = {"entity": "invoice_status", "key": name, "project": code, "field": "state and amount"}
            yield {**subject, "wanted": wanted, "held": held}, self._of_subject(code, COPIED), since

    def _of_subject(self, code: str | None, kinds: Container[str]) -> str | None:
        """The unmended fault of some kinds about a project; None as its code: the one about all of them."""
        for fault in self._plan.faults:
            about = fault.subject == code or (code is None and fault.subject not in self._plan.deals)
            if about and fault.kind in kinds and fault.id not in self._mended.rows:
                return fault.id
        return None

    def _of_project(self, code: str) -> str | None:
        return self._of_subject(code, ("project-deleted-in-erp", "project-missing-in-ppm"))
