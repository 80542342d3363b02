"""`tieout explain`: the page of a cause or error code, as the case and the error message name it, with what is open of
it; of a figure what it is, and the records behind its range.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from difflib import get_close_matches

from rich.console import Console
from rich.markdown import Markdown

from app.cli.installation import installation, settings_here
from app.cli.output import Format, fail, print_rows
from app.readings.cases.causes import listed
from app.readings.cases.question import CausesQuestion
from app.readings.page import Page
from app.readings.rates import behind
from app.readings.rates import reading as rates
from app.readings.rates.behind import MEASURED
from app.readings.stores import Stores
from app.readings.viewer import owner_viewer
from models.domain.explanations import EXPLANATIONS, page_of

MOST = 200_000
"""Records of a figure in a file."""


def explain(code: str | None, form: Format) -> None:
    """Print the page of a code, or every code with its title when none is given.

    Raises SystemExit with status 2 for a code that has no page, with the nearest ones that do.
    """
    if code is None:
        rows = [{"code": name, "title": words.title} for name, words in EXPLANATIONS.items()]
        print_rows(rows, form)
        return
    page = page_of(code)
    if page is None and code in MEASURED:
        _figure(code, form)
        return
    if page is None:
        near = ", ".join(get_close_matches(code, EXPLANATIONS, n=3, cutoff=0.4)) or "`tieout explain` lists them"
        raise fail(f"no page explains {code!r}: {near}", 2)
    words = EXPLANATIONS[code]
    if form is not Format.table:
        print_rows([{"code": code, **asdict(words), "mistakes": " ".join(words.mistakes)}], form)
        return
    Console().print(Markdown(page.read_text(encoding="utf-8")))
    _open_now(code)


def _open_now(code: str) -> None:
    """What is open of a cause here, as `tieout causes` has it; nothing where there is no installation."""
    settings = settings_here()
    if settings.journal_url is None and not (settings.home / "journal.sqlite").exists():
        return
    with closing(Stores(settings)) as stores:
        lines = listed(stores, owner_viewer(settings), CausesQuestion((code,)))
    for one in lines:
        money = f", {one.amount_reporting} {stores.catalogue.reporting_currency}" if one.amount_reporting else ""
        print(f"Open now: {one.records} records in {one.cases} cases{money}, {one.team} (tieout cases --cause {code})")


def _figure(name: str, form: Format) -> None:
    """A figure with its range, and the open cases behind that; every record in CSV and JSON."""
    settings = installation(journal=True)
    viewer = owner_viewer(settings)
    with closing(Stores(settings)) as stores:
        if form is not Format.table:
            found = behind.records(stores, viewer, name, Page(MOST))
            print_rows([{key: value for key, value in asdict(row).items() if key != "of_all"} for row in found], form)
            return
        shown = [one for one in rates.figures(stores, viewer) if one.name == name]
        for one in shown:
            print(f"{name}: {one.definition}")
            print(f"{one.value} {one.unit} as reported, {one.adjusted} adjusted, {one.low} to {one.high}; n = {one.n}")
        rows = [asdict(row) for row in behind.cases(stores, viewer, name)]
    print_rows(rows, form, "no open case moves it")
