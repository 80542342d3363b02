"""Tables for people: an id is never cut, since the next command needs it whole."""

from __future__ import annotations

import sys

import pytest

from app.cli.output import Format, print_rows

ROW = {
    "case_id": "e78400237f1d",
    "amount": 275988,
    "title": "Project PRJ-1900 “Proof of concept [draft] for Quillon Leasing” has no sale behind it",
}


@pytest.mark.req("O8")
def test_a_file_or_pipe_gets_everything_whole(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows([ROW], Format.table)
    header, line = capsys.readouterr().out.splitlines()
    assert header.split() == ["case_id", "amount", "title"]
    assert line.split(maxsplit=2) == [ROW["case_id"], "275988", ROW["title"]]


@pytest.mark.req("O8")
def test_a_narrow_terminal_shortens_the_sentence_and_not_the_id(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "70")
    print_rows([ROW], Format.table)
    _, line = capsys.readouterr().out.splitlines()
    assert line.startswith("e78400237f1d  275988  Project PRJ-1900") and line.endswith("…") and len(line) <= 70


def test_a_key_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """A name between colons is no picture."""
    print_rows([{"key": "inbox:bus:unread 1", "kind": "[bold]x"}], Format.table)
    assert "inbox:bus:unread 1" in capsys.readouterr().out
