"""Text of strangers shows as text: in a terminal, in a spreadsheet and on a page."""

from __future__ import annotations

import re

import pytest

from app.cli.output import Format, print_rows
from app.console.widgets.plain import plain


@pytest.mark.finding("A12a")
@pytest.mark.parametrize("sign", ["\x1b]0;owned\x07", "\x1b[2J", "\u202e"])
def test_the_terminal_obeys_no_name(sign: str, capsys: pytest.CaptureFixture[str]) -> None:
    """0.1.0 prints escape sequences and signs that turn the direction of writing as they come.
    Wanted: shown, not obeyed.
    """
    print_rows([{"name": f"Portal{sign}dlroW"}], Format.table)
    assert not re.search("[\x1b\x07\u202a-\u202e\u2066-\u2069]", capsys.readouterr().out)


@pytest.mark.finding("A12b")
@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil.example")', "+1+1", "@SUM(A1)"])
def test_a_spreadsheet_runs_no_name(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """0.1.0 writes a name that begins like a formula into CSV as it is. Wanted: no cell of text begins so."""
    print_rows([{"name": name}], Format.csv)
    assert capsys.readouterr().out.splitlines()[1].lstrip('"')[0] not in "=+@"


@pytest.mark.finding("A9a")
@pytest.mark.parametrize("name", ["$x^2$", ":smile:", "<b>", "_a_", "a\u202eb"])
def test_the_name_of_a_span_is_no_markdown(name: str) -> None:
    """0.1.0 escapes three signs of many, so a name draws formulas and pictures and turns the direction.
    Wanted: it reads as it was sent.
    """
    assert not re.search("(?<!\\\\)[$:<_\u202e]", plain(name))
