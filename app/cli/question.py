"""A command that asks a reading: its options are the fields of the reading's question, its answer the reading's rows.

A reading `(stores, viewer, question) -> rows` stands in `app/readings/<question>/`; the command is a line in
`readings.py`. Who asks is the home's owner, so scope, masking and figures are those of the pages.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import MISSING, Field, dataclass, fields
from importlib import import_module
from typing import Annotated, Any, get_type_hints

import typer

from app.cli.output import Format, fail, print_rows

FORMAT = Annotated[Format, typer.Option("--format", help="table, csv or json")]


@dataclass(frozen=True, slots=True)
class Question:
    """A command: its name, where its reading is (`module:function`) and where the type of its question, and the columns
    that fit a terminal; CSV and JSON show all.

    `journal` says that the reading needs the journal; `must_find` that no rows are bad news (exit status 1);
    `counted` is where the reading is that says how long the list is of which these rows are a page.
    """

    name: str
    reading: str
    asked: str
    columns: Sequence[str]
    journal: bool = False
    must_find: bool = False
    counted: str = ""


def add(cli: typer.Typer, question: Question) -> None:
    """Make the command part of `cli`. Only its question's type is imported now, the reading when it is asked."""
    asked = _named(question.asked)

    def run(**given: Any) -> None:
        form = given.pop("form")
        _answer(question, asked(**{name: _value(value) for name, value in given.items()}), form)

    run.__signature__ = _signature(asked)  # type: ignore[attr-defined]
    cli.command(question.name, help=inspect.getdoc(asked))(run)


def _answer(question: Question, asked: Any, form: Format) -> None:
    from app.cli.installation import installation
    from app.readings.looks import looked
    from app.readings.stores import Stores
    from app.readings.viewer import owner_viewer

    settings = installation(journal=question.journal)
    with closing(Stores(settings)) as stores:
        viewer = owner_viewer(settings)
        rows = _named(question.reading)(stores, viewer, asked)
        looked(stores, viewer, question.name, rows, asked)
        whole = _named(question.counted)(stores, viewer, asked) if question.counted else len(rows)
    if not rows and question.must_find:
        raise fail(asked.none)
    none = f"page {asked.page:,} is beyond the last" if whole and not rows else asked.none
    print_rows([_shown(row, question.columns, form) for row in rows], form, none)
    if len(rows) < whole:
        print(part_of(len(rows), whole, asked.limit, asked.page), file=sys.stderr)


def part_of(shown: int, whole: int, size: int, page: int) -> str:
    """Which part of a list this page of `size` rows is, and the way to the next: `1 to 100 of 312, next: --page 2`."""
    last = -(-whole // size)
    if not shown:
        return f"{whole:,} in all: the last page is --page {last}"
    begun = (page - 1) * size
    return f"{begun + 1:,} to {begun + shown:,} of {whole:,}" + (f", next: --page {page + 1}" if page < last else "")


def _shown(row: Any, columns: Sequence[str], form: Format) -> dict[str, Any]:
    names = [field.name for field in fields(row)]
    at_a_glance = [name for name in columns if name in names] if form is Format.table else []
    return {name: getattr(row, name) for name in at_a_glance or names}


def _signature(asked: type[Any]) -> inspect.Signature:
    hints = get_type_hints(asked)
    parameters = [_parameter(field, hints[field.name]) for field in fields(asked)]
    form = inspect.Parameter("form", inspect.Parameter.KEYWORD_ONLY, default=Format.table, annotation=FORMAT)
    return inspect.Signature([*parameters, form])


def _parameter(field: Field[Any], hint: Any) -> inspect.Parameter:
    """A field without a default is an argument, one with a default an option; a tuple may be given several times."""
    make: Callable[..., Any] = typer.Argument if field.default is MISSING else typer.Option
    repeated = hint == tuple[str, ...]
    default = inspect.Parameter.empty if field.default is MISSING else ([] if repeated else field.default)
    kind: Any = list[str] if repeated else hint
    annotation = Annotated[kind, make(**field.metadata)]
    return inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _value(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _named(place: str) -> Any:
    """What stands at `module:name`."""
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)
