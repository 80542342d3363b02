"""`tieout explain`: the page of a cause or error code, as the case and the error message name it."""

from __future__ import annotations

from dataclasses import asdict
from difflib import get_close_matches

from rich.console import Console
from rich.markdown import Markdown

from app.cli.output import Format, fail, print_rows
from models.domain.explanations import EXPLANATIONS, page_of


def explain(code: str | None, form: Format) -> None:
    """Print the page of a code, or every code with its title when none is given.

    Raises SystemExit with status 2 for a code that has no page, with the nearest ones that do.
    """
    if code is None:
        rows = [{"code": name, "title": words.title} for name, words in EXPLANATIONS.items()]
        print_rows(rows, form)
        return
    page = page_of(code)
    if page is None:
        near = ", ".join(get_close_matches(code, EXPLANATIONS, n=3, cutoff=0.4)) or "`tieout explain` lists them"
        raise fail(f"no page explains {code!r}: {near}", 2)
    words = EXPLANATIONS[code]
    if form is not Format.table:
        print_rows([{"code": code, **asdict(words), "mistakes": " ".join(words.mistakes)}], form)
        return
    Console().print(Markdown(page.read_text(encoding="utf-8")))
