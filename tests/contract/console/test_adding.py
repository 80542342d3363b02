"""A page is its folders: one that answers in `app/readings`, one that draws in `app/console`; nothing else changes."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import app.console
import app.readings
from app.console.view import views
from app.readings.viewer import Viewer
from tests.contract.readings.lake import OURS, THEIRS, two_firms
from tests.contract.readings.pages import console_over, drawn, tables

READINGS = {
    "__init__.py": """
from app.readings.rights import Question

QUESTION = Question("staffing", frozenset({"operations"}))
""",
    "staffing.sql": """
-- people: who works for which firm, and what an hour of theirs costs
SELECT key AS person, legal_entity AS firm, cost_rate FROM mart_state_resource
""",
    "reading.py": """
from dataclasses import dataclass
from pathlib import Path

from app.readings.masking import LabourRate
from app.readings.reading import rows
from models.sql_statements import statements

SQL = statements(Path(__file__).with_name("staffing.sql"))


@dataclass(frozen=True, slots=True)
class Person:
    person: str
    firm: str
    cost_rate: LabourRate


def people(stores, viewer):
    return rows(stores, viewer, SQL["people"], Person)
""",
}
CONSOLE = {
    "__init__.py": "",
    "page.py": """
from app.console.asking import read
from app.console.view import View
from app.console.widgets.heading import admitted, draw
from app.console.widgets.markup import Column, table
from app.readings.staffing import QUESTION
from app.readings.staffing.reading import people

COLUMNS = (Column("person", "Person"), Column("firm", "Firm"), Column("rate", "Costs"))


def page(viewer):
    admitted(viewer, QUESTION)
    lines = [{"person": row.person, "firm": row.firm, "rate": row.cost_rate} for row in read(viewer, people)]
    draw(table(COLUMNS, lines))


PAGE = View(QUESTION, "Staffing", ":material/groups:", 7, page)
""",
}


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The two folders, beside the product's own."""
    for room, files in (("readings", READINGS), ("console", CONSOLE)):
        folder = tmp_path / room / "staffing"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)
    monkeypatch.setattr(app.readings, "__path__", [*app.readings.__path__, str(tmp_path / "readings")])
    monkeypatch.setattr(app.console, "__path__", [*app.console.__path__, str(tmp_path / "console")])
    importlib.invalidate_caches()
    views.cache_clear()
    yield
    views.cache_clear()
    for name in [name for name in sys.modules if ".staffing" in name]:
        del sys.modules[name]


@pytest.mark.req("G1", "G2")
def test_a_page_is_found_drawn_limited_and_masked_by_its_folders_alone(
    added: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker, stranger = (Viewer("ada", frozenset({role}), (OURS,)) for role in ("operations", "finance"))
    assert [view.path for view in views()][-1] == "staffing"
    assert [view.path for view in views() if stranger.may_ask(view.question)] == [
        "exceptions",
        "journey",
        "billing",
        "reconciliation",
        "approvals",
        "margin",
    ]
    lake = two_firms(tmp_path / "lake", OURS, THEIRS)
    with console_over(tmp_path / "home"):
        from app.console.asking import stores

        monkeypatch.setattr(stores().lake, "rows", lambda sql, asked: _rows(lake, sql, asked))
        page = drawn("staffing", asker)
        refused = drawn("staffing", stranger)
    assert [list(row.values()) for row in tables(page)[0]] == [[OURS, OURS, "•••"]] * 3
    assert "not among the pages of your roles" in refused.error[0].value and not tables(refused)


def _rows(lake: object, sql: str, asked: object) -> object:
    return lake.execute(sql, asked).to_arrow_table().to_pylist()  # type: ignore[attr-defined]
