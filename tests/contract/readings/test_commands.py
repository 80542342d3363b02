"""A reading with a command on it is one folder and one line: found by its name, asked as the home's owner, printed."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import typer
from typer.testing import CliRunner

from app.cli.main import cli
from app.cli.question import Question, add
from app.cli.readings import QUESTIONS
from models.canonical.classification import MASK
from models.lake.schema import TABLES
from models.lake.writer import open_writer
from tests.unit.lake.samples import START, HandClock, settings_at

READING = '''
"""Which records name an amount."""
from dataclasses import dataclass, field
from pathlib import Path

from app.readings.masking import ContractValue
from app.readings.reading import rows
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("amounts.sql"))


@dataclass(frozen=True, slots=True)
class AmountQuestion:
    """List amounts, the largest first."""

    kind: str = field(metadata={"help": "kind of record"})
    flow: tuple[str, ...] = field(default=(), metadata={"help": "name of a flow"})

    @property
    def none(self) -> str:
        return f"no {self.kind} names an amount"


@dataclass(frozen=True, slots=True)
class Row:
    record_id: str
    flow: str
    amount: ContractValue


def listed(stores, viewer, asked):
    return rows(stores, viewer, SQL["listed"], Row, kind=asked.kind, flows=list(asked.flow))
'''
SQL = """-- listed: amounts of one kind of record, the largest first
SELECT record_id, flow, amount FROM records
WHERE kind = $kind AND amount IS NOT NULL AND (len($flows::VARCHAR[]) = 0 OR list_contains($flows::VARCHAR[], flow))
ORDER BY amount DESC
"""
LINE = Question("amounts", "amounts.reading:listed", "amounts.reading:AmountQuestion", ("record_id", "amount"))


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """A command line with the one command that the folder and the line make."""
    folder = tmp_path / "amounts"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "reading.py").write_text(READING)
    (folder / "amounts.sql").write_text(SQL)
    monkeypatch.syspath_prepend(str(tmp_path))
    made = typer.Typer()
    made.callback()(lambda: None)
    add(made, LINE)
    return made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    writer = open_writer(settings_at(home), HandClock())
    row = {"recorded_at": START, "occurred_at": START, "kind": "acknowledgement", "currency": "EUR", "body": "{}"}
    rows = [{**row, "record_id": f"r-{n}", "flow": flow, "amount": n} for n, flow in enumerate(("a", "b", "a"))]
    writer.append({"records": pa.Table.from_pylist(rows, TABLES["records"])}, "feed", 1)
    writer.close()
    return home


def ask(command: typer.Typer, home: Path, *words: str, roles: str = "finance") -> Any:
    return CliRunner().invoke(command, ["amounts", *words], env={"TIEOUT_HOME": str(home), "TIEOUT_DEV_ROLES": roles})


@pytest.mark.req("O8", "G2")
def test_a_folder_and_a_line_make_a_command_with_scope_and_masking(command: typer.Typer, home: Path) -> None:
    """O8, G2: what its options are comes from the question, what it may show from who asks."""
    done = ask(command, home, "acknowledgement", "--flow", "a", "--format", "json")
    assert json.loads(done.output) == [{"record_id": f"r-{n}", "flow": "a", "amount": f"{n}.00"} for n in (2, 0)], (
        done.output
    )
    masked = ask(command, home, "acknowledgement", "--flow", "b", "--format", "csv", roles="operations")
    assert masked.output.split() == ["record_id,flow,amount", f"r-1,b,{MASK}"]
    assert "record_id" in ask(command, home, "acknowledgement").output
    assert "no failure names an amount" in ask(command, home, "failure").output


def test_a_command_that_must_find_says_what_it_did_not(command: typer.Typer, home: Path) -> None:
    made = typer.Typer()
    made.callback()(lambda: None)
    add(made, Question(LINE.name, LINE.reading, LINE.asked, LINE.columns, must_find=True))
    assert ask(made, home, "failure").exit_code == 1


@pytest.mark.req("O8")
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_every_line_names_what_is_there(question: Question) -> None:
    asked = _named(question.asked)
    assert is_dataclass(asked) and isinstance(asked.none, property) and asked.__doc__
    assert callable(_named(question.reading)) and question.columns
    helped = CliRunner().invoke(cli, [question.name, "--help"], env={"COLUMNS": "200"}).output
    assert all(field.name.replace("_", "-") in helped for field in fields(asked)) and "--format" in helped


def _named(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
