"""Which tests are marked with which ids: `@pytest.mark.req("E1")`, `@pytest.mark.finding("F1a")`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CHECKS = re.compile(r"assert|raises|refus|expect|holds|check|until|fail|wait_for")


def marks(node: ast.AST, name: str) -> Iterator[ast.Call | ast.Attribute]:
    """Uses of `pytest.mark.<name>` in a decorator or an assignment to `pytestmark`."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and part.attr == name and getattr(part.value, "attr", "") == "mark":
            yield part
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == name:
            yield part


def ids_of(node: ast.AST, mark: str) -> set[str]:
    """The ids that uses of this mark within `node` name."""
    calls = (one for one in marks(node, mark) if isinstance(one, ast.Call))
    return {str(one.value) for call in calls for one in call.args if isinstance(one, ast.Constant)}


def asserts(test: ast.AST) -> bool:
    """Whether a test can fail by its own word: an assertion, an error raised or expected, a call named for one."""
    return any(
        isinstance(node, ast.Assert | ast.Raise)
        or (isinstance(node, ast.Call) and CHECKS.search(ast.unparse(node.func)) is not None)
        for node in ast.walk(test)
    )


def used(mark: str) -> set[str]:
    """Every id that this mark names in any file of tests, whatever it stands on."""
    return set().union(*(ids_of(_parsed(path), mark) for path in _files(mark)))


def marked_tests(mark: str) -> Iterator[tuple[str, str, set[str]]]:
    """File, name and ids of each test that is marked, itself or by its class or module, and is not expected to fail."""
    for path in _files(mark):
        module = _parsed(path)
        lines = [node for node in module.body if isinstance(node, ast.Assign)]
        common = set().union(*(ids_of(line, mark) for line in lines if "pytestmark" in ast.unparse(line.targets[0])))
        yield from marked_in(str(path.relative_to(TESTS)), module, common, mark)


def marked_in(
    file: str, parent: ast.Module | ast.ClassDef, common: set[str], mark: str
) -> Iterator[tuple[str, str, set[str]]]:
    """The marked tests of one module or class, whose own marks are `common`."""
    for node in parent.body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            continue
        own = common.union(*(ids_of(one, mark) for one in node.decorator_list))
        if isinstance(node, ast.ClassDef):
            yield from marked_in(file, node, own, mark)
        elif node.name.startswith("test_") and own and not _hoped_for(node) and asserts(node):
            yield file, node.name, own


def _files(mark: str) -> list[Path]:
    """Those in which the mark is written at all: to parse the others would take most of the time."""
    return [path for path in sorted(TESTS.rglob("test_*.py")) if f"mark.{mark}" in path.read_text(encoding="utf-8")]


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _hoped_for(test: ast.FunctionDef) -> bool:
    return any(list(marks(one, "xfail")) for one in test.decorator_list)
