"""A small firm in real stores, for tests and for looking at pages: observations and records through the lake's writer,
runs and cases through the journal, marts derived from both. Everything follows from a seed; no clock and no chance of
its own.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from models.derivation.refresh import refresh
from models.domain.explanations import explain
from models.domain.finding import Cause, Finding
from models.journal import open_journal, tables
from models.lake.connection import connect
from models.lake.schema import LOGS, OBSERVATIONS, QUARANTINE, RECORDS, SPANS
from models.lake.writer import LakeWriter
from models.settings import Settings
from tests.catalogues import demonstration

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
FIRMS = {"NOV-DE": "EUR", "NOV-UK": "GBP", "NOV-US": "USD"}
RATES = {"GBP": "1.19", "USD": "0.92"}
CUSTOMERS = [
    "Aldermoor Rail",
    "Brightwater Utilities",
    "Castell Pharma",
    "Dunmore Logistics",
    "Edda Marine",
    "Fairholt Bank",
    "Gryphon Foods",
    "Halden Energy",
]
KINDS = ["rollout", "assessment", "migration", "redesign"]
LINES = ["Advisory", "Implementation", "Engineering", "Managed Services"]
MISSING, CLOSED_CODE, UNKNOWN_CODE = "PRJ-1007", "PRJ-1003.030", "PRJ-1004.099"
FOREIGN_TRACE = sha256(b"foreign").hexdigest()[:32]


class Frozen:
    """A clock that stands where the seeded world stands."""

    def __init__(self, at: datetime = NOW) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Seeded:
    """What a test may look for."""

    settings: Settings
    missing_runs: list[str]
    code_runs: list[str]
    entry: str
    trace: str
    findings: dict[str, list[Finding]]


def seed(home: Path, entries_a_project: int = 34) -> Seeded:
    """Fill the stores below `home` and say what to look for."""
    settings = Settings(home=home)
    world = _World(random.Random(7), entries_a_project)
    journal = open_journal(settings.journal_address, Frozen())
    with journal.engine.begin() as connection:
        connection.execute(sa.insert(tables.run), world.runs)
    journal.throttle.register(["salesforce", "netsuite", "kantata", "planview", "workday"])
    journal.throttle.hold("planview", NOW + timedelta(seconds=40))
    reported = world.findings()
    for detector, findings in reported.items():
        journal.cases.report(detector, findings, {name: Decimal(rate) for name, rate in {**RATES, "EUR": "1"}.items()})
    journal.close()
    _fill_lake(settings, world)
    dead = [run for run in world.runs if run["state"] == "dead"]
    return Seeded(
        settings,
        [run["run_id"] for run in dead if run["error_code"] == "project-not-found"],
        [run["run_id"] for run in dead if run["error_code"].startswith("charge-code")],
        world.sample,
        world.sample_trace,
        reported,
    )


def _fill_lake(settings: Settings, world: _World) -> None:
    writer = LakeWriter(settings, Frozen())
    rows = {
        "observations": (world.observed, OBSERVATIONS),
        "records": (world.records, RECORDS),
        "spans": (world.spans, SPANS),
        "logs": (world.logs, LOGS),
        "quarantine": (world.refused, QUARANTINE),
    }
    writer.append(
        {name: pa.Table.from_pylist(found, schema=schema) for name, (found, schema) in rows.items()}, "seed", 1
    )
    writer.checkpoint()
    writer.close()
    connection = connect(settings, marts="write")
    refresh(connection, demonstration().reporting_currency, Frozen(), demonstration().service_levels)
    connection.close()


def money(amount: Decimal | str, currency: str) -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


class _World:
    """Rows for every store, made project by project."""

    def __init__(self, chance: random.Random, entries: int) -> None:
        self._chance, self._entries = chance, entries
        self.runs: list[dict[str, Any]] = []
        self.records: list[dict[str, Any]] = []
        self.spans: list[dict[str, Any]] = []
        self.logs: list[dict[str, Any]] = []
        self.observed: list[dict[str, Any]] = []
        self.sample = self.sample_trace = ""
        self.refused = [
            {
                "quarantine_id": "q1",
                "recorded_at": NOW - timedelta(hours=3),
                "receiver": "otlp",
                "sender": "gateway",
                "error_code": "malformed-span",
                "reason": "span_id is 7 bytes long, 8 are needed",
                "path": "/v1/traces",
                "content": "AAEC",
                "content_bytes": 3,
            }
        ]
        for currency, rate in RATES.items():
            self._observe(
                "netsuite",
                "erp",
                "exchange_rate",
                currency,
                None,
                {"currency": currency, "rate": rate, "as_of": "2026-11-19"},
            )
        for number in range(1, 13):
            self._project(number)
        self._foreign()

    def _observe(self, system: str, role: str, entity: str, key: str, firm: str | None, fields: dict[str, Any]) -> None:
        text = json.dumps(fields)
        self.observed.append(
            {
                "observed_at": NOW - timedelta(minutes=5),
                "recorded_at": NOW - timedelta(minutes=5),
                "snapshot_id": "s1",
                "system": system,
                "role": role,
                "entity": entity,
                "system_id": f"{system}-{key}",
                "key": key,
                "legal_entity": firm,
                "present": True,
                "digest": sha256(text.encode()).hexdigest(),
                "fields": text,
            }
        )

    def _project(self, number: int) -> None:
        code, firm = f"PRJ-{1000 + number}", list(FIRMS)[number % 3]
        currency, customer = FIRMS[firm], number % len(CUSTOMERS)
        fields = {
            "code": code,
            "name": f"{CUSTOMERS[customer].split()[0]} {KINDS[number % len(KINDS)]}",
            "status": "active",
            "customer_key": f"C-{300 + customer}",
            "currency": currency,
            "legal_entity_id": firm,
            "service_line": LINES[number % 4],
            "practice": "Delivery",
            "region": "EMEA",
            "cost_centre": f"CC-{number % 4}",
            "contract_type": "time_and_materials",
        }
        sold = {
            "value": money(Decimal(90_000 + number * 7_000), currency),
            "target_margin": str(Decimal("0.30") + Decimal(number % 5) / 50),
            "closed_at": (NOW - timedelta(days=80)).isoformat(),
            "approved": True,
        }
        self._observe("salesforce", "crm", "project", code, firm, {**fields, **sold})
        for system, role in (("kantata", "psa"), ("netsuite", "erp")):
            if not (code == MISSING and role == "erp"):
                self._observe(system, role, "project", code, firm, fields)
        self._observe(
            "salesforce",
            "crm",
            "customer",
            f"C-{300 + customer}",
            firm,
            {"name": CUSTOMERS[customer], "number": str(300 + customer), "country": "DE", "active": True},
        )
        if code != MISSING:
            for task in ("010", "020", "030"):
                one = f"{code}.{task}"
                self._observe(
                    "netsuite",
                    "erp",
                    "charge_code",
                    one,
                    firm,
                    {"code": one, "project_code": code, "active": one != CLOSED_CODE, "billable": True},
                )
        for at in range(self._entries):
            self._entry(number, code, firm, currency, at)

    def _entry(self, number: int, code: str, firm: str, currency: str, at: int) -> None:
        key, person = f"TE-kantata-{number * 1000 + at}", f"E-{1000 + (number * 3 + at) % 17}"
        day = NOW - timedelta(days=2 * at + self._chance.randrange(3), hours=self._chance.randrange(9))
        hours, bill, cost = (
            Decimal(self._chance.choice([4, 6, 8, 8, 7])),
            Decimal(95 + 10 * (number % 6)),
            Decimal(58 + 7 * (number % 6) + at % 3 * 3),
        )
        task = f"{code}.{self._chance.choice(['010', '020'])}"
        if code == "PRJ-1003" and at < 9:
            task = CLOSED_CODE
        if code == "PRJ-1004" and at < 5:
            task = UNKNOWN_CODE
        approval = "submitted" if at < 2 and number % 2 else "approved"
        fields = {
            "time_entry_id": key,
            "project_code": code,
            "charge_code": task,
            "resource_number": person,
            "work_date": day.date().isoformat(),
            "hours": str(hours),
            "billable": at % 9 != 8,
            "bill_rate": money(bill, currency),
            "cost_rate": money(cost, currency),
            "approval": approval,
            "submitted_at": (day + timedelta(hours=20)).isoformat(),
            "approved_at": (day + timedelta(hours=40)).isoformat() if approval == "approved" else None,
            "changed_at": (day + timedelta(hours=40)).isoformat(),
            "source_version": 1,
        }
        self._observe("kantata", "psa", "time_entry", key, firm, fields)
        if approval != "approved":
            return
        fault = self._fault(code, task)
        began = (
            max(day + timedelta(hours=40), NOW - timedelta(days=75))
            if day + timedelta(hours=40) < NOW
            else NOW - timedelta(minutes=30 + at)
        )
        self._run(key, code, firm, currency, began, hours * bill, fault, fields)
        if not fault:
            invoiced = at > 14
            erp_rate = cost + (2 if number % 5 == 0 else 0)
            posted = {
                **fields,
                "posting_id": f"{key}-v1",
                "reversal": False,
                "cost_rate": money(erp_rate, currency),
                "invoiced": invoiced,
                "invoice_number": f"INV-{number:04d}" if invoiced else None,
                "created_at": (began + timedelta(seconds=30)).isoformat(),
            }
            self._observe("netsuite", "erp", "time_entry", f"{key}-v1", firm, posted)
            if at == 15:
                self._observe(
                    "netsuite",
                    "erp",
                    "invoice",
                    f"INV-{number:04d}",
                    firm,
                    {
                        "number": f"INV-{number:04d}",
                        "customer_key": f"C-{300 + number % 8}",
                        "project_code": code,
                        "status": "open",
                        "issued_on": "2026-10-31",
                        "total": money(hours * bill, currency),
                        "lines": [{"posting_id": f"{key}-v1", "amount": money(hours * bill, currency)}],
                    },
                )

    def _fault(self, code: str, task: str) -> str | None:
        return (
            "project-not-found"
            if code == MISSING
            else {CLOSED_CODE: "charge-code-inactive", UNKNOWN_CODE: "charge-code-unknown"}.get(task)
        )

    def _run(
        self,
        key: str,
        code: str,
        firm: str,
        currency: str,
        at: datetime,
        value: Decimal,
        fault: str | None,
        entry: dict[str, Any],
    ) -> None:
        run_id, trace = sha256(f"run{key}".encode()).hexdigest()[:32], sha256(f"trace{key}".encode()).hexdigest()[:32]
        event = {
            "id": key,
            "source": "/kantata",
            "type": "tieout.time_entry.approved",
            "subject": f"time_entry:{key}",
            "data": {
                name: entry[name]
                for name in ("time_entry_id", "project_code", "charge_code", "hours", "bill_rate", "cost_rate")
            },
        }
        change = {
            "action": "post",
            "entity": "time_entry",
            "external_id": f"{key}-v1",
            "body": {
                "customer": {"externalId": code},
                "caseTaskEvent": {"externalId": entry["charge_code"]},
                "hours": entry["hours"],
                "rate": entry["bill_rate"]["amount"],
                "custcol_cost_rate": entry["cost_rate"]["amount"],
            },
        }
        common = {
            "flow": "time-to-bill",
            "flow_version": 1,
            "run_id": run_id,
            "lineage_id": run_id,
            "correlation_id": f"corr-{key}",
            "trace_id": trace,
            "business_key": f"time_entry:{key}",
            "legal_entity": firm,
            "currency": currency,
            "amount": value,
            "attempt": 1,
            "source_changed_at": at - timedelta(seconds=4),
        }

        def record(kind: str, after: float, **more: Any) -> None:
            body = json.dumps(more.pop("body", {}), default=str)
            self.records.append(
                {
                    "record_id": sha256(f"{key}{kind}{after}".encode()).hexdigest()[:32],
                    "recorded_at": at + timedelta(seconds=after),
                    "occurred_at": at + timedelta(seconds=after),
                    "kind": kind,
                    **common,
                    "body": body,
                    "duration_us": 42_000,
                    **more,
                }
            )

        record("source_event", 0, system="kantata", entity="time_entry", status="admitted", body=event)
        record(
            "transformation",
            1,
            step="check-charge-code",
            body={"before": event["data"], "after": {**event["data"], "legal_entity_id": firm, "project_id": code}},
        )
        if fault:
            words = {
                "project-not-found": f"Invalid Field Value {code} for the following field: customer",
                "charge-code-inactive": f"Task {entry['charge_code']} is inactive",
                "charge-code-unknown": f"{entry['charge_code']} is not known",
            }[fault]
            record(
                "failure",
                3,
                step="post-to-erp",
                system="netsuite",
                entity="time_entry",
                status="rejected",
                error_code=fault,
                span_id=trace[:14] + "03",
                body={"error": {"code": fault, "message": words}, "change": change},
            )
            record("settlement", 3.1, status="dead", error_code=fault)
        else:
            record(
                "acknowledgement",
                3 + self._chance.random() * 40,
                step="post-to-erp",
                system="netsuite",
                entity="time_entry",
                status="delivered",
                span_id=trace[:14] + "03",
                body={"change": change, "answer": {"system_id": str(70_000 + len(self.runs)), "status": 204}},
            )
            record("settlement", 45, status="settled")
        state, words = ("dead", words) if fault else ("settled", None)
        self.runs.append(
            {
                "run_id": run_id,
                "flow": "time-to-bill",
                "flow_version": 1,
                "state": state,
                "step": 1 if fault else 2,
                "step_name": "post-to-erp",
                "attempt": 1,
                "claims": 0,
                "held": 0,
                "business_key": f"time_entry:{key}",
                "source_version": 1,
                "aggregate": f"project:{code}",
                "lane": firm,
                "lineage_id": run_id,
                "correlation_id": f"corr-{key}",
                "trace_id": trace,
                "legal_entity": firm,
                "event_type": "tieout.time_entry.approved",
                "event_source": "/kantata",
                "event_id": key,
                "payload": event["data"],
                "error_code": fault,
                "error_message": words,
                "system": "netsuite" if fault else None,
                "amount": str(value),
                "currency": currency,
                "created_at": at,
                "updated_at": at + timedelta(seconds=3),
                "settled_at": at + timedelta(seconds=45) if not fault else None,
                "source_changed_at": at,
                "lease_token": 0,
                "notice_tries": 0,
            }
        )
        self._trace(trace, at, fault)
        if not self.sample and not fault:
            self.sample, self.sample_trace = key, trace

    def _trace(self, trace: str, at: datetime, fault: str | None) -> None:
        steps = (
            ("time-to-bill", "tieout-engine", None, 0, 2400),
            ("check-charge-code", "tieout-engine", "01", 60, 90),
            ("post-to-erp", "tieout-engine", "01", 220, 2100),
            ("POST /record/v1/timeBill", "netsuite", "03", 300, 1900),
        )
        for number, (name, service, parent, start, length) in enumerate(steps, start=1):
            self._span(
                trace,
                f"{trace[:14]}{number:02d}",
                f"{trace[:14]}{parent}" if parent else None,
                name,
                service,
                at + timedelta(milliseconds=start),
                length,
                fault if fault and number >= 3 else None,
            )

    def _span(
        self,
        trace: str,
        span: str,
        parent: str | None,
        name: str,
        service: str,
        at: datetime,
        milliseconds: int,
        error: str | None = None,
    ) -> None:
        self.spans.append(
            {
                "trace_id": trace,
                "span_id": span,
                "parent_span_id": parent,
                "name": name,
                "service_name": service,
                "kind": 1,
                "start_time": at,
                "end_time": at + timedelta(milliseconds=milliseconds),
                "duration_us": milliseconds * 1000,
                "status_code": 2 if error else 0,
                "status_message": error,
                "attributes": json.dumps({"tieout.flow": "time-to-bill", "http.status_code": 400 if error else 204}),
                "resource": "{}",
                "recorded_at": at,
            }
        )

    def _foreign(self) -> None:
        """A trace of somebody else's integration platform, wide and deep."""
        for number in range(260):
            parent = None if not number else f"{(number - 1) // 3:016x}"
            length = 1800 if not number else 1500 // (1 + number // 20)
            self._span(
                FOREIGN_TRACE,
                f"{number:016x}",
                parent,
                f"{['gateway', 'map', 'enrich', 'call', 'publish'][number % 5]} {number}",
                ["boomi-gateway", "mapper", "ledger", "queue"][number % 4],
                NOW - timedelta(minutes=9) + timedelta(milliseconds=number * 5),
                length,
                "timeout" if number % 61 == 60 else None,
            )
        self.logs.append(
            {
                "time": NOW - timedelta(minutes=9),
                "observed_time": NOW,
                "severity_number": 17,
                "severity_text": "ERROR",
                "body": "ledger answered 504",
                "trace_id": FOREIGN_TRACE,
                "span_id": f"{60:016x}",
                "service_name": "ledger",
                "attributes": "{}",
                "resource": "{}",
                "recorded_at": NOW,
            }
        )

    def findings(self) -> dict[str, list[Finding]]:
        """What detectors would report about this world."""
        dead = [run for run in self.runs if run["state"] == "dead"]
        found: dict[str, list[Finding]] = {"orphaned-projects": [], "invalid-charge-codes": []}
        for run in dead:
            told, project = explain(run["error_code"]), run["aggregate"].partition(":")[2]
            missing = run["error_code"] == "project-not-found"
            code = run["payload"]["charge_code"]
            cause = Cause(
                "project-missing" if missing else run["error_code"],
                f"{project} is missing in netsuite" if missing else f"{told.title}: {code}",
                told.explanation,
                told.next_action,
                "netsuite" if missing or run["error_code"] == "charge-code-inactive" else "kantata",
                told.money_kind,
                "medium",
                None if missing else {"charge_code": f"{project}.020"},
                "time-to-bill",
                "netsuite",
                missing,
            )
            found["orphaned-projects" if missing else "invalid-charge-codes"].append(
                Finding(
                    f"{cause.cause}:{project if missing else code}",
                    cause,
                    "time_entry",
                    run["business_key"],
                    Decimal(run["amount"]),
                    run["currency"],
                    run["created_at"],
                    run["run_id"],
                    run["trace_id"],
                    run["legal_entity"],
                    project,
                    None,
                    {
                        "charge_code": code,
                        "system_said": run["error_message"],
                        "hours": run["payload"]["hours"],
                        "bill_rate": run["payload"]["bill_rate"],
                    },
                )
            )
        return found
