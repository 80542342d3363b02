"""A filled home of release 0.1.0, opened by this release: whole before and after, and every answer as it was."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory

from models.domain.clock import SystemClock
from models.journal import open_journal
from models.journal.migration import alembic_config
from models.lake.verify import verify
from models.lake.writer import open_writer
from models.private_home import mended_home
from tests.homes import HOMES
from tests.migration.homes import facts
from tests.unit.lake.samples import settings_at, spans

SHOWN_SINCE = {"trace PRJ-1017": 5}
"""A trace is the console's journey now. It also shows what has no correlation id: three findings about the project and
two events that no flow takes up."""

STAND = ("billed", "not_approved")


@pytest.fixture(scope="module")
def told() -> dict[str, Any]:
    """What release 0.1.0 itself told of this home."""
    found: dict[str, Any] = json.loads((HOMES / "home-0.1.0.json").read_text())
    return found


def unbilled(work: list[dict[str, Any]]) -> list[Decimal]:
    """Items, hours, bill and cost of what is approved and not billed, ready or not."""
    rows = [row for row in work if row["state"] not in STAND]
    return [sum(Decimal(row[name]) for row in rows) for name in ("items", "hours", "bill_reporting", "cost_reporting")]


def brought_up(home: Path) -> str:
    """The newest schema, to which opening the journal has brought it."""
    with (
        closing(open_journal(f"sqlite:///{home / 'journal.sqlite'}", SystemClock())) as journal,
        journal.engine.begin() as connection,
    ):
        return str(ScriptDirectory.from_config(alembic_config(connection)).get_current_head())


def test_the_home_is_worth_the_test(told: dict[str, Any]) -> None:
    """Each kind of thing an upgrade could lose is in it, with money on it."""
    assert set(told["counts"]["runs"]) == {"settled", "dead", "waiting", "superseded", "cancelled"}
    assert all(told["counts"]["rows"].values()), told["counts"]["rows"]
    assert told["resolved"] and any(case["amount_reporting"] == "184200.00" for case in told["unresolved"])
    assert told["verify"]["whole"] and told["verify"]["checkpoints"] > 0


def test_an_upgrade_changes_no_answer(home_0_1_0: Path, told: dict[str, Any]) -> None:
    """The proof holds before this release touched anything; then the journal is migrated, and all answers are those of
    0.1.0, beside which `verify` says what it held the journal against and who reaches its witness.
    """
    assert facts.schema(home_0_1_0) == told["schema"]
    before = verify(settings_at(home_0_1_0))
    assert (before.breaches, before.rows, before.batches) == ([], told["verify"]["rows"], told["verify"]["batches"])
    assert brought_up(home_0_1_0) == facts.schema(home_0_1_0)
    expected = {**told, **{name: told[name] + more for name, more in SHOWN_SINCE.items()}}
    said = facts.facts(home_0_1_0)
    witness, journal = (said["verify"].pop(beside) for beside in ("witness", "journal"))
    assert {"schema": told["schema"], **said} == expected
    runs = sum(told["counts"]["runs"].values())
    assert "in the home" in witness and journal.startswith(f"journal: {runs:,} runs and ") and "held against" in journal


def test_the_derived_tables_come_again_from_the_lake_alone(home_0_1_0: Path, told: dict[str, Any]) -> None:
    """Even where all of them are gone: the same work and money to the cent, and the cases stay. What stood as ready
    although its project is gone from the ERP is blocked now, with the rest of that project's case.
    """
    (home_0_1_0 / "lake" / "marts.sqlite").unlink()
    shutil.rmtree(home_0_1_0 / "lake" / "marts")
    done = facts.tieout(home_0_1_0, "rebuild")
    assert done.returncode == 0, done.stderr
    work, before = facts.work(home_0_1_0), told["work"]
    assert [row for row in work if row["state"] in STAND] == [row for row in before if row["state"] in STAND]
    assert unbilled(work) == unbilled(before)
    ready = {row["state"]: Decimal(row["bill_reporting"]) for row in work}["ready"]
    lost = (
        "select sum(bill_reporting) as lost from mart_work where blocker = 'project-missing' and posted_at is not null"
    )
    [row] = facts.answer(home_0_1_0, "sql", lost)
    assert ready + Decimal(row["lost"]) == {one["state"]: Decimal(one["bill_reporting"]) for one in before}["ready"]
    assert facts.cases(home_0_1_0, "unresolved") == told["unresolved"]


def test_the_doctor_finds_nothing_to_mend(home_0_1_0: Path, told: dict[str, Any]) -> None:
    """Once the process that opens it has taken the rights of others away, which 0.1.0 left."""
    assert "others of this machine may read" in facts.tieout(home_0_1_0, "doctor").stdout
    assert mended_home(home_0_1_0) > 0
    done = facts.tieout(home_0_1_0, "doctor")
    rows = told["counts"]["rows"]
    of_the_home = [line for line in done.stdout.splitlines() if "GiB free" not in line]
    to_mend = [line for line in of_the_home if not line.startswith("ok")]
    assert [line[:31] for line in to_mend] == ["MEND  the engine is not running", "MEND  the collector is not runn"], (
        done.stdout
    )
    assert (
        f"audit lake answers: {rows['records']:,} records, {rows['spans']:,} spans, {rows['quarantine']:,} refused"
        in done.stdout
    )


def test_the_lake_goes_on_where_it_stood(home_0_1_0: Path, told: dict[str, Any]) -> None:
    """A batch of this release is sealed with the home's own key onto what 0.1.0 sealed; both are proven together."""
    settings = settings_at(home_0_1_0)
    with closing(open_writer(settings, SystemClock())) as writer:
        receipt = writer.append({"spans": spans(7)}, "upgraded", 1)
        writer.checkpoint()
    report = verify(settings)
    assert receipt.stored == 7 and report.breaches == []
    assert report.batches == told["verify"]["batches"] + 1
    assert report.rows == told["verify"]["rows"] + 7
    assert report.checkpoints == told["verify"]["checkpoints"] + 1
