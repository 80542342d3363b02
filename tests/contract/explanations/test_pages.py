"""Every cause and error code has a page, and the program shows it."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.domain.errors import TieoutError
from models.domain.explanations import EXPLANATIONS, PAGES, page_of, read_page
from tests.commands import called

ROOT = Path(__file__).resolve().parents[3]
LAYERS = ("app", "collectors", "integrations", "models")
PAGE = (PAGES / "closed-period.md").read_text(encoding="utf-8")


def named_codes() -> Iterator[tuple[str, str]]:
    """Code and file of every `code="…"` given to an error, every `code = "…"` of one, and every `Cause("…", …)`."""
    for layer in LAYERS:
        for path in sorted((ROOT / layer).rglob("*.py")):
            if "sandbox" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                yield from ((code, str(path.relative_to(ROOT))) for code in _codes(node))


def _codes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ClassDef):
        for line in node.body:
            if isinstance(line, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "code" for t in line.targets):
                yield from _text(line.value)
    if isinstance(node, ast.Call):
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if called in {error.__name__ for error in _errors(TieoutError)}:
            for keyword in node.keywords:
                yield from _text(keyword.value) if keyword.arg == "code" else ()
        if called == "Cause" and node.args:
            yield from _text(node.args[0])


def _errors(kind: type[TieoutError]) -> set[type[TieoutError]]:
    return {kind, *(below for one in kind.__subclasses__() for below in _errors(one))}


def _text(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def test_every_code_that_the_code_names_has_a_page() -> None:
    found = dict(named_codes())
    assert len(found) > 40, "the search finds too little to judge by"
    assert {code: where for code, where in found.items() if page_of(code) is None} == {}


def test_every_error_class_has_a_page() -> None:
    for module in ("models.journal.cursors", "models.lake.proof", "models.lake.read_only", "models.lake.reader"):
        importlib.import_module(module)
    ours = {one for one in _errors(TieoutError) if one.__module__.startswith(LAYERS)}
    assert {one.__name__ for one in ours if page_of(one.code) is None} == set()


@pytest.mark.parametrize("code", sorted(EXPLANATIONS))
def test_a_page_says_what_to_do_and_what_goes_wrong(code: str) -> None:
    words = EXPLANATIONS[code]
    assert len(words.title) < 60
    assert words.explanation.endswith(".") and words.next_action.endswith(".")
    assert words.mistakes and all(one.endswith(".") and "\n" not in one for one in words.mistakes)


@pytest.mark.parametrize(
    "fault",
    [
        PAGE.replace("closed-period", "other"),
        PAGE.replace("## What to do", "## Advice"),
        PAGE.replace("billing blocked", "a lot"),
        PAGE.partition("## Common")[0],
    ],
)
def test_a_page_that_is_not_whole_is_refused(fault: str) -> None:
    with pytest.raises(ValueError, match="closed-period"):
        read_page(fault, "closed-period")


def explained(*words: str) -> subprocess.CompletedProcess[str]:
    return called(("explain", *words), os.environ, 60)


def test_the_command_prints_the_page() -> None:
    done = explained("closed-period")
    said = " ".join(done.stdout.split())
    assert done.returncode == 0
    assert EXPLANATIONS["closed-period"].next_action in said
    assert EXPLANATIONS["closed-period"].mistakes[0] in said


def test_a_code_nobody_knows_gets_the_nearest() -> None:
    done = explained("closed-perod")
    assert done.returncode == 2
    assert "closed-period" in done.stderr
