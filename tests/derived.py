"""Only what a test asks is derived: the marts that its file names, and all that these stand on.

Deriving every mart of a tiny lake takes more than a second, most of it for marts that the test never looks at.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from models.derivation import deriving, refresh, state, swapping
from models.lake import publish
from models.marts.definitions import marts, published, states

DETECTORS = Path(__file__).parents[1] / "collectors" / "detectors"
_NAMED = re.compile(r"\b(?:mart_\w+|(?<=derived\.state\.)\w+)")
_DETECTS = re.compile(r"\b(?:found|reported)\(")


@pytest.fixture(autouse=True, scope="module")
def only_what_is_asked(request: pytest.FixtureRequest) -> Iterator[None]:
    """Of the modules that take it in. A file that names no mart, or asks for all that is published, derives all."""
    names = _asked(request.module)
    with pytest.MonkeyPatch.context() as patch:
        if names:
            _derive_only(patch, frozenset(names))
        yield


def _asked(module: ModuleType) -> set[str]:
    """What the file names itself, and what the functions of other tests that it calls name."""
    called = [one for one in vars(module).values() if inspect.isfunction(one) and one.__module__.startswith("tests.")]
    source = "\n".join(map(inspect.getsource, (module, *called)))
    names = set[str]() if "published()" in source else set(_NAMED.findall(source))
    return names | _of_detectors() if names and _DETECTS.search(source) else names


@cache
def _of_detectors() -> frozenset[str]:
    texts = (file.read_text() for file in DETECTORS.rglob("*") if file.suffix in (".sql", ".py"))
    return frozenset(name for text in texts for name in _NAMED.findall(text))


def _derive_only(patch: pytest.MonkeyPatch, names: frozenset[str]) -> None:
    needed = _stands_on(names)
    kept = tuple(mart for mart in marts() if mart.name in needed), tuple(one for one in states() if one.name in needed)
    shown = {name: one for name, one in published().items() if one.name in needed}
    patch.setattr(deriving, "marts", lambda: kept[0])
    for module in (deriving, state):
        patch.setattr(module, "states", lambda: kept[1])
    for module in (publish, refresh, swapping):
        patch.setattr(module, "published", lambda: shown)


def _stands_on(names: frozenset[str]) -> set[str]:
    """The tables that make these, what they read, and what the state reads to be kept up to date."""
    public = {name: one.name for name, one in published().items()}
    makers = {made: one for one in (*marts(), *states()) for made in one.makes}
    needed, left = set[str](), [*names, *_NAMED.findall(state.STATE.read_text())]
    while left:
        name = left.pop()
        one = makers.get(public.get(name, name))
        if one and one.name not in needed:
            needed.add(one.name)
            left += one.reads
    return needed
