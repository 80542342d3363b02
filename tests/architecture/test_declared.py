"""What the packages import stands among the dependencies that are installed with them, and not only in somebody's
environment.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LAYERS = ("app", "collectors", "integrations", "models")
NAME = re.compile(r"[A-Za-z0-9._-]+")
ELSEWHERE = {"uvloop", "ptars"}
"""Not built for every system: what imports them does without where they are missing."""


def declared() -> set[str]:
    """The distributions that an installation without extras brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return {found[0] for line in project["dependencies"] if (found := NAME.match(line))}


def provided(distributions: set[str]) -> set[str]:
    """The modules in their files, each under its dotted name: `google.protobuf` is one's, `google.rpc` another's."""
    found = set()
    for name in distributions:
        for file in metadata.files(name) or ():
            parts = [part.partition(".")[0] for part in file.parts]
            if file.suffix in (".py", ".so", ".pyd"):
                found.add(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    return found


def imported(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def foreign(module: str) -> bool:
    top = module.partition(".")[0]
    return top not in (*sys.stdlib_module_names, *LAYERS)


def undeclared(text: str, known: set[str]) -> set[str]:
    """The modules imported that are in none of `known`, nor a folder of one, as `opentelemetry` is."""
    return {
        module
        for module in imported(text)
        if foreign(module) and not any(one == module or one.startswith(f"{module}.") for one in known)
    }


@pytest.mark.finding("C11f")
def test_every_import_of_the_packages_is_a_declared_dependency() -> None:
    names = declared()
    known = provided({name for name in names if name not in ELSEWHERE or _here(name)}) | (ELSEWHERE & names)
    files = [path for layer in LAYERS for path in (ROOT / layer).rglob("*.py")]
    missing = {str(path.relative_to(ROOT)): undeclared(path.read_text(encoding="utf-8"), known) for path in files}
    assert {path: modules for path, modules in missing.items() if modules} == {}


def test_a_namespace_that_several_share_is_told_apart() -> None:
    known = provided({"protobuf"})
    assert undeclared("import google.protobuf.message\nfrom google.protobuf import json_format", known) == set()
    assert undeclared("from google.rpc import status_pb2\nimport pytest", known) == {"google.rpc", "pytest"}


def _here(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return False
    return True
