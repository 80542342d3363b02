"""A flow's name stands in one place; what speaks of it elsewhere means a flow that exists (G4)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from integrations.flows import flows
from models.domain import flow_names

ROOT = Path(__file__).parents[3]
NAMES = {flow.name for flow in flows()} | {flow_names.REPLAY_ELSEWHERE}
INTAKE = "intake"
"""What the dead letters of unreadable rows carry: no flow, but kept like one."""
ASKED = re.compile(r"\bflow\s*(?:=|<>|!=)\s*'([^']+)'|\bflow\s+(?:not\s+)?in\s*\(((?:'[^']+'[, ]*)+)\)", re.I)


def spelled() -> Iterator[tuple[str, str]]:
    """File and name of each flow that Python spells out, but for the rows of a detector's examples."""
    for layer in ("app", "collectors", "integrations", "models"):
        for path in sorted((ROOT / layer).rglob("*.py")):
            place = path.relative_to(ROOT)
            if place.parts[:2] == ("integrations", "sandbox"):
                continue
            body = ast.parse(path.read_text(encoding="utf-8")).body
            if place.parts[:2] == ("collectors", "detectors"):
                body = [one for one in body if not _is_example(one)]
            texts = (node for part in body for node in ast.walk(part) if isinstance(node, ast.Constant))
            yield from ((str(place), node.value) for node in texts if node.value in NAMES)


def _is_example(node: ast.stmt) -> bool:
    """A constant of a module: what a detector shows, not what it says."""
    return isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id.isupper() for one in node.targets)


def asked() -> Iterator[tuple[str, str]]:
    """File and name of each flow that a statement asks for."""
    for layer in ("app", "collectors", "models"):
        for path in sorted((ROOT / layer).rglob("*.sql")):
            for found in ASKED.finditer(path.read_text(encoding="utf-8")):
                for name in re.findall(r"'([^']+)'", found[0]):
                    yield str(path.relative_to(ROOT)), name


@pytest.mark.req("G4")
def test_python_spells_a_flows_name_once() -> None:
    """In `flow_names.py` where several rooms speak of it, else in the flow's own module."""
    places: dict[str, list[str]] = {name: [] for name in NAMES}
    for place, name in spelled():
        places[name].append(place)
    shared = {name for constant, name in vars(flow_names).items() if constant.isupper()}
    assert {name: files for name, files in places.items() if len(files) != 1} == {}
    assert {name for name, [place] in places.items() if not place.startswith("integrations/flows/")} == shared


@pytest.mark.req("G4")
def test_no_statement_asks_for_a_flow_that_is_not_there() -> None:
    found = list(asked())
    assert len(found) >= 5, "the search finds too little to judge by"
    assert [(file, name) for file, name in found if name not in {*NAMES, INTAKE}] == []
