"""What Prefect and Node-RED sent when their flow failed about an approved time entry is a case with the entry's money,
and closes by itself with what they sent when a later run about it was done (C9, X8).

`tests/engines/README.md` says how it was recorded and how both are tried anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from collectors.pipeline.answer import PROTOBUF
from collectors.pipeline.spool.frame import Kind
from models.catalogue import load_catalogue
from models.journal import Journal
from models.lake.schema import LOGS, SPANS
from models.settings import Settings
from tests.contract.detectors.test_foreign_case import looked_at
from tests.findings.books import entry, firm
from tests.foreign import ForeignLake
from tests.unit.catalogue.test_catalogue import folder
from tests.unit.collect.log_world import World, source
from tests.unit.collect.memory_lake import Desk, MemoryLake

pytestmark = pytest.mark.req("C9", "X8")
ENGINES = Path(__file__).parents[2] / "engines"
RECORDED = ENGINES / "recorded"


@pytest.fixture
def lake(tmp_path: Path) -> ForeignLake:
    """A firm with one approved entry, whose rules are those of the trial of both engines."""
    rules, flows = ((ENGINES / "catalogue" / name).read_text() for name in ("rules.toml", "flows.toml"))
    described = load_catalogue(Settings.model_validate({"catalogue": folder(tmp_path, rules=rules, flows=flows)}))
    made = ForeignLake(described.elsewhere)
    entry(firm(made))
    return made


def spans(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows that the collector makes of a body of Prefect's."""
    memory = MemoryLake()
    desk = Desk(folder / name, memory)
    desk.until_ready()
    answer = desk.ask(Kind.TRACES, PROTOBUF, (RECORDED / f"prefect-{name}.traces").read_bytes())
    desk.stop()
    assert (answer.status, answer.rejected) == (200, 0), answer
    return memory.rows("spans")


def logs(folder: Path) -> list[dict[str, Any]]:
    """The rows that it makes of Node-RED's file."""
    (folder / "app.jsonl").write_bytes((RECORDED / "node-red.jsonl").read_bytes())
    world = World(folder, source(folder, service="node-red"))
    world.settled()
    assert world.refused() == []
    return world.logs()


def come(lake: ForeignLake, table: str, rows: list[dict[str, Any]]) -> None:
    """These rows as they would be in the audit lake, heard of when they were told."""
    schema = {"spans": SPANS, "logs": LOGS}[table]
    names = [field[0] if isinstance(field, tuple) else field.name for field in schema]
    for row in rows:
        lake.batch += 1
        kept = {name: row[name] for name in names}
        heard = row["end_time"] if table == "spans" else row["time"]
        lake._insert(f"lake.main.{table}", {"batch_id": lake.batch, "n": 0, **kept, "recorded_at": heard})


def test_a_run_of_prefect_fails_and_a_later_one_mends_it(lake: ForeignLake, journal: Journal, tmp_path: Path) -> None:
    come(lake, "spans", spans(tmp_path, "failed"))
    [case] = looked_at(lake, journal, {"foreign_run": ["800.00"]})
    assert (case["status"], case["owner"], case["flow"]) == ("open", "finance", "ours-prefect/Post time")
    said = "422 Request failed with status code *"
    assert case["title"] == f"ours-prefect/Post time fails at post: {said}", "a task without its random digits"
    assert (case["subject_entity"], case["subject_key"]) == ("time_entry", "TE-kantata-1")
    come(lake, "spans", spans(tmp_path, "done"))
    [case] = looked_at(lake, journal, {"lag_breach": ["800.00"]})
    assert case["status"] == "resolved"


def test_a_task_of_prefect_that_was_tried_again_fails_nothing(lake: ForeignLake, tmp_path: Path) -> None:
    come(lake, "spans", spans(tmp_path, "tried-again"))
    assert lake.runs("flow", "state", "business_key") == [("ours-prefect/Post time", "done", "time_entry:TE-kantata-1")]


def test_a_flow_of_node_red_fails_and_a_later_run_mends_it(lake: ForeignLake, journal: Journal, tmp_path: Path) -> None:
    told = logs(tmp_path)
    first = json.loads(told[0]["attributes"])["run"]
    come(lake, "logs", [row for row in told if json.loads(row["attributes"])["run"] == first])
    [case] = looked_at(lake, journal, {"foreign_run": ["800.00"]})
    assert (case["status"], case["owner"], case["flow"]) == ("open", "finance", "ours-node-red/Post time")
    assert case["title"] == "ours-node-red/Post time fails at Post: 422 Error: Request failed with status code *"
    assert "Follow https://wiki.example/post-time" in case["next_action"]
    come(lake, "logs", [row for row in told if json.loads(row["attributes"])["run"] != first])
    [case] = looked_at(lake, journal, {"lag_breach": ["800.00"]})
    assert case["status"] == "resolved"
