"""A page of the console: a question, who may ask it, how it is drawn. Found by folder, one folder a page."""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from app.readings.rights import Question
from app.readings.viewer import Viewer


@dataclass(frozen=True, slots=True)
class View:
    """A page: `page.py` of a folder below `app/console` exports one as PAGE. `draw` checks the role itself; `waiting`
    says how many things wait there for a person, which the navigation shows.
    """

    question: Question
    title: str
    icon: str
    order: int
    draw: Callable[[Viewer], None]
    waiting: Callable[[Viewer], int] = lambda _: 0

    @property
    def path(self) -> str:
        return self.question.name


@cache
def views() -> tuple[View, ...]:
    """Every page that has a folder here, in the order of the navigation."""
    package = importlib.import_module("app.console")
    rooms = [found.name for found in pkgutil.iter_modules(package.__path__) if found.ispkg]
    names = [name for name in rooms if importlib.util.find_spec(f"app.console.{name}.page")]
    pages = [importlib.import_module(f"app.console.{name}.page").PAGE for name in names]
    return tuple(sorted(pages, key=lambda page: page.order))
