"""Every page keeps the contract: found by its folder, opens no store, refuses who may not see it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import tomllib
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import readings
from app.console.navigation import navigation
from app.console.view import View, views
from app.readings.permissions import permissions
from app.readings.rights import EVERY_QUESTION, ROLES, Action, Question
from app.readings.viewer import Viewer
from models.canonical.classification import DataClass
from models.sql_statements import statements
from tests.contract.readings.pages import console_over

APP = Path(importlib.import_module("app").__file__ or "").parent
FOLDERS = sorted(path.parent for path in (APP / "console").glob("*/page.py"))


def questions() -> list[tuple[str, Question]]:
    """Each folder of readings that answers a page, with its question."""
    rooms = [importlib.import_module(f"app.readings.{found.name}") for found in pkgutil.iter_modules(readings.__path__)]
    return [(room.__name__, room.QUESTION) for room in rooms if hasattr(room, "QUESTION")]


@pytest.mark.req("O1", "O2", "O3", "O4")
def test_every_question_has_its_page() -> None:
    """O1–O4: a folder is a page, a page is a question, no two share a path."""
    assert {view.question for view in views()} == {question for _, question in questions()}
    assert len({view.path for view in views()}) == len(FOLDERS) == len(views())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_presenters_know_no_streamlit_and_pages_open_no_store(folder: Path) -> None:
    """A module that says it knows no Streamlit does not, and a presenter always says so."""
    for file in folder.glob("*.py"):
        tree = ast.parse(file.read_text())
        imported = {name for node in ast.walk(tree) for name in _imported(node)}
        assert not {
            name for name in imported if name.startswith(("duckdb", "sqlalchemy", "models.lake", "models.marts"))
        }, file
        assert not {name for name in imported if name.endswith(("open_journal", "open_reader"))}, file
        says = "nows no Streamlit" in (ast.get_docstring(tree) or "").replace("\n", " ")
        assert says or file.name not in PURE, f"{file} is pure by its name: say that it knows no Streamlit"
        assert not (says and _draws(imported)), f"{file} says that it knows no Streamlit"


PURE = ("presenter.py", "chart.py", "stake.py")


def _draws(imported: set[str]) -> bool:
    """Whether a module draws: with Streamlit, or by the modules beside it that do."""
    drawing = ("streamlit", "app.console.asking", "app.console.widgets.heading")
    return any(name.startswith(drawing) for name in imported)


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [f"{node.module}.{alias.name}" for alias in node.names] if isinstance(node, ast.ImportFrom) else []


def _draws_for_a_stranger() -> None:
    import streamlit as st

    from app.console.view import views
    from app.readings.viewer import Viewer

    number = st.session_state["number"]
    views()[number].draw(Viewer("stranger", frozenset()))


@pytest.mark.finding("A7d", "U8")
@pytest.mark.req("G1")
@pytest.mark.parametrize("view", views(), ids=lambda view: view.path)
def test_every_page_refuses_a_viewer_without_the_role(view: View) -> None:
    """G1: the page asks itself, whatever the navigation showed."""
    script = AppTest.from_function(_draws_for_a_stranger, default_timeout=60)
    script.session_state["number"] = views().index(view)
    script.run()
    assert not script.exception
    assert "not among the pages of your roles" in script.error[0].value
    asking = view.question.asked_by | EVERY_QUESTION
    assert all(role in script.error[0].value for role in (*asking, "tieout-<role>")), "it says who can grant it"
    assert not script.get("html")


@pytest.mark.finding("A7d", "U8")
@pytest.mark.req("G1")
def test_a_page_outside_the_role_has_its_address_and_is_not_shown(tmp_path: Path) -> None:
    """G1: its address answers with why not, and who can grant it, instead of "Page not found"."""
    with console_over(tmp_path):
        pages = navigation(Viewer("eve", frozenset({"executive"}), ("NOV-DE",)))
    assert set(pages) == {view.path for view in views()}
    shown = {path for path, page in pages.items() if page.visibility == "visible"}
    assert shown == {view.path for view in views() if "executive" in view.question.asked_by}


@pytest.mark.req("G1")
@pytest.mark.parametrize("role", ROLES)
def test_your_permissions_name_every_page_action_and_class_and_whose_role_has_it(role: str) -> None:
    viewer = Viewer("x", frozenset({role}))
    found = {(one.kind, one.what): one for one in permissions(viewer)}
    assert {what for kind, what in found if kind == "page"} == {view.path for view in views()}
    assert {what for kind, what in found if kind == "action"} == set(Action)
    for one in found.values():
        assert one.granted == (role in one.roles), one
        assert one.roles or one.what in (DataClass.COMPENSATION, DataClass.PERSONAL), "what nobody may read clear"


def test_no_role_opens_everything_by_accident() -> None:
    assert not any(Viewer("nobody", frozenset({"unheard-of"})).may_ask(view.question) for view in views())


@pytest.mark.req("O7")
def test_both_themes_have_enough_colours_for_plotly() -> None:
    """O7: fewer than ten categorical colours and Plotly ignores the palette."""
    theme = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text())["theme"]
    for side in ("light", "dark"):
        assert len(set(theme[side]["chartCategoricalColors"])) >= 10
        assert len(theme[side]["chartSequentialColors"]) == 10


def test_statement_files_refuse_nameless_and_repeated_statements(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("SELECT 1\n-- one: first\nSELECT 1\n")
    (tmp_path / "b.sql").write_text("-- one: first\nSELECT 1\n-- one: again\nSELECT 2\n")
    for name in ("a.sql", "b.sql"):
        with pytest.raises(ValueError):
            statements(tmp_path / name)
