"""A firm whose books change at random, derived step by step, and once more from nothing: every table is the same, row
for row, whichever part of it was derived when (C8). A failure prints its seed; `STEPS_SEED` plays it again,
`STEPS_WORLDS` plays more.
"""

from __future__ import annotations

import os
import random
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from models.derivation import changes, parts
from models.derivation.refresh import refresh
from models.keys.keyring import Keyring
from models.marts.definitions import marts, published
from tests.unit.cases.lakes import NOW, Lake, money

SEED = int(os.environ.get("STEPS_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
WORLDS = int(os.environ.get("STEPS_WORLDS", "2"))
STEPS = 8
"""At least; more until each of `ENOUGH` was derived in part, or a world would prove nothing of them."""
ENOUGH = {"mart_work", "mart_tieout", "joint_work"}
LEVELS = {"time-to-bill": 3600.0, "quote-to-project": 7200.0}
KEPT = {"mart_kpi_day", "mart_watch", "watched"}
"""What was told on a day stays as it was told then, and when somebody watched is told then alone."""


class World:
    """Few objects, so that they meet; each call makes one change, a moment after the one before."""

    def __init__(self, dice: random.Random) -> None:
        self.lake, self.dice, self.now = Lake(), dice, NOW
        for code in ("PRJ-1", "PRJ-2"):
            for system in ("salesforce", "netsuite", "kantata"):
                self._observe(system, "project", code, **self._project(code))
            self._observe("netsuite", "charge_code", f"{code}.010", project_code=code, active=True)
        for number in range(4):
            self.entry(number)

    def change(self) -> None:
        deeds = (self.entry, self.entry, self.entry, self.posting, self.posting, self.expense, self.reversal)
        deeds += (self.project, self.contract, self.invoice, self.credit, self.code, self.rate, self.run, self.run)
        deeds += (self.case, self.write_off, self.record, self.sale, self.budget, self.other, self.payment)
        deeds += (self.taken_back,)
        self.dice.choice(deeds)(self.dice.randrange(6))

    def pass_time(self) -> None:
        minutes = self.dice.choice((0, 1, 20, 90, 300, 1500))
        self.now = max(self.now, NOW + timedelta(minutes=self.lake.batch)) + timedelta(minutes=minutes)
        # Of this journal's moves only those of runs are seen.
        self.lake.batch += 1
        self.lake.connection.execute("DELETE FROM journal.main.run WHERE run_id = 'told'")
        self.lake.run("told", "project:PRJ-9", "settled", self.now + timedelta(days=9, seconds=self.lake.batch))

    def entry(self, number: int) -> None:
        self._observe(
            "kantata",
            "time_entry",
            f"TE-kantata-{number}",
            present=self.dice.random() < 0.9,
            changed_at=self._moment(),
            **self._booked(number, "time_entry_id"),
            approval=self.dice.choice(("approved", "approved", "approved", "submitted", "rejected", "reversed")),
            submitted_at="2026-09-21T09:00:00Z",
            approved_at=self._moment(),
        )

    def posting(self, number: int) -> None:
        version = self.dice.choice((1, 1, 2))
        flagged = self.dice.random() < 0.4
        self._observe(
            "netsuite",
            "time_entry",
            f"TE-kantata-{number}-v{version}",
            present=self.dice.random() < 0.85,
            **self._booked(number, "time_entry_id"),
            invoiced=flagged,
            invoice_number=f"INV-{number % 2}" if flagged else None,
            created_at=self._moment(),
        )

    def expense(self, number: int) -> None:
        system, key = self.dice.choice((("kantata", f"EX-{number}"), ("netsuite", f"EX-{number}-v1")))
        self._observe(
            system,
            "expense",
            key,
            present=self.dice.random() < 0.8,
            expense_id=f"EX-{number}",
            project_code=self._code(),
            spent_on=self._day(),
            amount=money(self.dice.choice(("80.00", "12.50")), self._currency()),
            approval="approved",
            approved_at=self._moment(),
        )

    def reversal(self, number: int) -> None:
        booked = {**self._booked(number, "time_entry_id"), "time_entry_id": f"TE-kantata-{self.dice.randrange(6)}"}
        key = f"TE-kantata-{number}-v1-R"
        self._observe("netsuite", "time_entry", key, present=self.dice.random() < 0.7, **booked, reversal=True)

    def project(self, number: int) -> None:
        system = self.dice.choice(("salesforce", "netsuite", "kantata"))
        code = self._code()
        self._observe(system, "project", code, present=self.dice.random() < 0.8, **self._project(code))

    def contract(self, number: int) -> None:
        code = self._code()
        milestones = [
            {
                "milestone_id": f"M{n}",
                "name": f"M{n}",
                "due": "2026-09-15",
                "amount": money("500.00"),
                "completed_at": self.dice.choice((None, "2026-09-14T10:00:00Z")),
                "accepted": self.dice.random() < 0.5,
                "invoiced": self.dice.random() < 0.3,
            }
            for n in range(self.dice.randrange(3))
        ]
        self._observe(
            "netsuite",
            "contract",
            f"CT-{code}",
            present=self.dice.random() < 0.9,
            project_code=code,
            hold=self.dice.random() < 0.2,
            cap=self.dice.choice((None, money("900.00"))),
            value=money(self.dice.choice(("1000.00", "5000.00"))),
            milestones=milestones,
        )

    def invoice(self, number: int) -> None:
        lines: list[dict[str, Any]] = [
            {"posting_id": f"TE-kantata-{n}-v1", "amount": money(self.dice.choice(("800.00", "400.00")))}
            for n in self.dice.sample(range(6), self.dice.randrange(4))
        ]
        if lines and self.dice.random() < 0.3:
            lines.append({**lines[0], "amount": money(self.dice.choice(("400.00", "-400.00")))})
        if self.dice.random() < 0.3:
            lines.append({"milestone_id": "M1", "amount": money("500.00")})
        self._observe(
            "netsuite",
            "invoice",
            f"INV-{number % 2}",
            present=self.dice.random() < 0.9,
            project_code=self.dice.choice((None, self._code())),
            customer_key="C-1",
            status=self.dice.choice(("open", "open", "paid", "draft", "void")),
            issued_on="2026-09-28",
            total=money("1600.00"),
            lines=lines,
        )

    def credit(self, number: int) -> None:
        line = {"posting_id": f"TE-kantata-{number}-v1", "amount": money("800.00")}
        self._observe(
            "netsuite",
            "credit_memo",
            f"CM-{number % 2}",
            credits=f"INV-{number % 2}",
            status=self.dice.choice(("open", "void")),
            total=money(self.dice.choice(("800.00", "1600.00"))),
            issued_on="2026-09-29",
            lines=[line],
        )

    def payment(self, number: int) -> None:
        self._observe(
            "netsuite",
            "payment",
            f"P-{number}",
            invoice_number=f"INV-{number % 2}",
            paid_on="2026-09-29",
            amount=money("100.00"),
        )

    def code(self, number: int) -> None:
        code = self._code()
        self._observe("netsuite", "charge_code", f"{code}.010", project_code=code, active=self.dice.random() < 0.5)

    def rate(self, number: int) -> None:
        if self.dice.random() < 0.3:
            rate = self.dice.choice(("1.20", "1.10"))
            fields = {"base": "EUR", "quote": "GBP", "rate": rate, "effective_date": "2026-09-01"}
            self._observe("netsuite", "exchange_rate", f"X-{number}", **fields)

    def run(self, number: int) -> None:
        self.lake.connection.execute(f"DELETE FROM journal.main.run WHERE run_id = 'r{number}'")
        key, flow = self.dice.choice(
            ((f"time_entry:TE-kantata-{number}", "time-to-bill"), (f"project:{self._code()}", "quote-to-project"))
        )
        state = self.dice.choice(("dead", "waiting", "running", "settled"))
        self.lake.run(f"r{number}", key, state, self.now, flow, error_code="closed-period", system="netsuite")

    def case(self, number: int) -> None:
        subject = self.dice.choice((f"TE-kantata-{number}", self._code()))
        entity = "time_entry" if subject.startswith("TE") else "project"
        self.lake.connection.execute(f"DELETE FROM journal.main.finding WHERE case_id = 'c{number}'")
        self.lake.connection.execute(f"DELETE FROM journal.main.case_ WHERE case_id = 'c{number}'")
        if self.dice.random() < 0.7:
            finding = {"finding_id": f"f{number}", "case_id": f"c{number}", "subject_key": subject}
            told = {"detector": "tie_out", "subject_entity": entity}
            self.lake._insert("journal.main.finding", {**finding, **told})
            self.lake._insert(
                "journal.main.case_", {"case_id": f"c{number}", "cause": "closed-period", "status": "open"}
            )

    def write_off(self, number: int) -> None:
        flow, entity = self.dice.choice((("time-to-bill", "time_entry"), ("billing", "invoice_line")))
        row = {"write_off_id": f"w{self.lake.batch}", "flow": flow, "entity": entity, "amount": "800.00"}
        asked = {"item_key": f"TE-kantata-{number}", "currency": "EUR", "asked_by": "ada"}
        self.lake._insert("journal.main.write_off", {**row, **asked, "approved_by": "ben", "approved_at": 1})

    def record(self, number: int) -> None:
        kind = self.dice.choice(("source_event", "acknowledgement", "settlement", "operator_action"))
        told = {"flow": "time-to-bill", "run_id": f"r{number}", "lineage_id": "r0", "system": "netsuite"}
        self.lake.record(kind, self.now, status="settled", actor="ada", **told)
        if self.dice.random() < 0.5:
            answer = {"entity": "project", "business_key": f"project:{self._code()}", "system": "netsuite"}
            self.lake.record("acknowledgement", self.now, **answer)

    def sale(self, number: int) -> None:
        code = self._code()
        milestone = {"milestone_id": "M9", "name": "Go live", "due": "2026-09-20", "amount": money("700.00")}
        data = {"project_code": code, "milestones": [milestone], "ref": {"system": "salesforce", "id": f"S-{number}"}}
        body = {"data": data}
        self.lake.record("source_event", self.now, body, business_key=f"project:{code}", legal_entity="NOV-DE")

    def taken_back(self, number: int) -> None:
        key = f"TE-kantata-{number}"
        body = {"type": "tieout.time_entry.reversed", "data": {"ref": {"system": "kantata", "id": key}}}
        at = self.now - timedelta(minutes=self.dice.choice((1, 30, 200)))
        told = {"system": "kantata", "entity": "time_entry", "business_key": f"time_entry:{key}"}
        self.lake.record("source_event", self.now, body, source_changed_at=at, **told)

    def budget(self, number: int) -> None:
        told = {"value": money("5000.00"), "cost": money("2500.00"), "hours": "50"}
        self._observe("planview", "budget", f"B-{number % 2}", project_code=self._code(), **told)

    def other(self, number: int) -> None:
        match number % 3:
            case 0:
                self._observe("salesforce", "customer", "C-1", name=self.dice.choice(("Acme", "Acme AG")), country="DE")
            case 1:
                rate = money(self.dice.choice(("60.00", "70.00")))
                self._observe("workday", "resource", "E-7", name="Ada", cost_rate=rate, weekly_hours="40")
            case _:
                told = {"hours_to_complete": "10", "cost_to_complete": money("700.00"), "complete": "40"}
                days = {"baseline_starts_on": "2026-09-01", "baseline_ends_on": "2026-10-01"}
                forecast = {**told, **days, "forecast_ends_on": "2026-10-09"}
                self._observe("planview", "forecast", f"F-{number}", project_code=self._code(), **forecast)

    def _project(self, code: str) -> dict[str, Any]:
        return {
            "name": code,
            "customer_key": "C-1",
            "status": self.dice.choice(("active", "active", "active", "closed")),
            "currency": "EUR",
            "value": money(self.dice.choice(("1000.00", "5000.00"))),
            "legal_entity_id": self.dice.choice(("NOV-DE", "NOV-DE", "NOV-UK")),
            "closed_at": "2026-08-01T00:00:00Z",
        }

    def _booked(self, number: int, name: str) -> dict[str, Any]:
        code = self._code()
        return {
            name: f"TE-kantata-{number}",
            "project_code": code,
            "charge_code": self.dice.choice((f"{code}.010", f"{code}.010", "PRJ-9.1", None)),
            "resource_number": "E-7",
            "work_date": self._day(),
            "hours": self.dice.choice(("8.00", "8.00", "4.00")),
            "bill_rate": self.dice.choice((money("100.00", self._currency()), money("100.00"), None)),
            "cost_rate": money("60.00"),
        }

    def _code(self) -> str:
        return self.dice.choice(("PRJ-1", "PRJ-1", "PRJ-2", "PRJ-3"))

    def _day(self) -> str:
        return self.dice.choice(("2026-08-31", "2026-09-20", "2026-09-21"))

    def _currency(self) -> str:
        return self.dice.choice(("EUR", "EUR", "GBP"))

    def _moment(self) -> str:
        return (self.now - timedelta(minutes=self.dice.choice((1, 30, 200)))).isoformat()

    def _observe(self, system: str, entity: str, key: str, present: bool = True, **fields: Any) -> None:
        told = {name: value for name, value in fields.items() if value is not None}
        at = max(self.now, NOW + timedelta(minutes=self.lake.batch))
        self.lake.observe(system, entity, key, at, present, **told)


def state(lake: Lake) -> dict[str, list[str]]:
    """Every derived table as it lies in memory, and as readers have it."""
    read = frozenset[str]().union(*(mart.reads for mart in marts()))
    inside = {name: f"derived.state.{name}" for mart in marts() for name in mart.makes & (read | {mart.name})}
    outside = {f"marts {name}": f'marts.main."{name}"' for name in published()}
    ours = {name: place for name, place in {**inside, **outside}.items() if name.split()[-1] not in KEPT}
    return {name: rows(lake, place) for name, place in ours.items() if not name.endswith("rate_day")}


def rows(lake: Lake, place: str) -> list[str]:
    return sorted(row for (row,) in lake.connection.execute(f"SELECT CAST(t AS VARCHAR) FROM {place} t").fetchall())


@pytest.fixture
def piecewise(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Which tables were derived by a part and which as a whole, after the first derivation."""
    told: dict[str, set[str]] = {"part": set(), "whole": set()}
    put = parts.Parts.derived

    def derived(self: Any, table: Any, moved: frozenset[str]) -> bool:
        found = put(self, table, moved)
        told["part" if found else "whole"] |= {table.name} if table.granule else set()
        return found

    monkeypatch.setattr(parts.Parts, "derived", derived)
    return told


@pytest.mark.req("C8")
@pytest.mark.parametrize("world", range(WORLDS))
def test_step_by_step_every_table_is_what_it_is_from_nothing(
    world: int, piecewise: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = SEED + world
    print(f"STEPS_SEED={seed}")
    firm = World(random.Random(seed))
    clock = _Clock(firm)
    for step in count():
        # Larger tables are not compared, and what reads them is derived whole: that must be right too.
        monkeypatch.setattr(changes, "COMPARED_ROWS", firm.dice.choice((3, *[100_000] * 5)))
        for _ in range(firm.dice.randrange(1, 5)):
            firm.change()
        firm.pass_time()
        refresh(firm.lake.connection, "EUR", clock, LEVELS)
        if step % 4 == 3:
            stepwise = state(firm.lake)
            assert stepwise == _from_nothing(firm, clock), f"seed {seed}, step {step}"
            if step + 1 >= STEPS and piecewise["part"] >= ENOUGH:
                break
            assert step < 5 * STEPS, f"{ENOUGH - piecewise['part']} never derived in part: it proves nothing"


def _from_nothing(firm: World, clock: Any, keys: Keyring | None = None) -> dict[str, list[str]]:
    """The same lake in another derivation; the steps go on with theirs."""
    connection = firm.lake.connection
    connection.execute("DROP SCHEMA IF EXISTS derived.kept CASCADE")
    told = connection.execute(
        "SELECT table_name FROM duckdb_tables() WHERE database_name = 'derived' AND schema_name = 'state'"
    ).fetchall()
    connection.execute("CREATE SCHEMA derived.kept")
    for (name,) in told:
        connection.execute(f'CREATE TABLE derived.kept."{name}" AS FROM derived.state."{name}"')
        connection.execute(f'DROP TABLE derived.state."{name}"')
    refresh(connection, "EUR", clock, LEVELS, keys=keys)
    whole = state(firm.lake)
    for (name,) in told:
        connection.execute(f'CREATE OR REPLACE TABLE derived.state."{name}" AS FROM derived.kept."{name}"')
    return whole


class _Clock:
    def __init__(self, firm: World) -> None:
        self._firm = firm

    def now(self) -> datetime:
        return self._firm.now
