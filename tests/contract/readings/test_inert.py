"""A case whose name is written like Markdown, as a customer's project may be, is drawn as text on its page (A9)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.readings.viewer import Viewer
from tests.contract.readings.pages import console_over, drawn

NAME = "[pay here](https://evil.example/x) ![](https://evil.example/p.png) $x^2$ :smile: <b>bold</b> `code`"
EVERYBODY = Viewer("ada", frozenset({"operations", "finance"}))


@pytest.fixture
def case_id(filled_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The case with the most money, which has that name in a journal of its own."""
    copy = tmp_path / "journal.sqlite"
    with closing(sqlite3.connect(filled_home / "journal.sqlite")) as journal, closing(sqlite3.connect(copy)) as own:
        journal.backup(own)
        query = "SELECT case_id FROM case_ WHERE status = 'open' ORDER BY amount_rank DESC LIMIT 1"
        [(found,)] = own.execute(query).fetchall()
        own.execute(
            "UPDATE case_ SET title = ?, explanation = ?, next_action = ? WHERE case_id = ?", (NAME,) * 3 + (found,)
        )
        own.commit()
    monkeypatch.setenv("TIEOUT_JOURNAL_URL", f"sqlite:///{copy}")
    with console_over(filled_home):
        yield str(found)


def markdown(page: AppTest) -> list[str]:
    """What the page gives to Streamlit to be read as Markdown."""
    bodies = [one.value for kind in ("title", "header", "subheader", "markdown", "caption") for one in page.get(kind)]
    labels = [str(getattr(one, "label", "") or "") for kind in ("button", "expander") for one in page.get(kind)]
    return [*bodies, *labels]


@pytest.mark.finding("A9b")
def test_a_name_draws_no_link_no_picture_and_no_formula(case_id: str) -> None:
    """0.1.0 drew a link and a picture that a case's name brought. Wanted: the name as it was sent, for the eye."""
    page = drawn("exceptions", EVERYBODY, query={"case": case_id})
    texts = markdown(page)
    drawing = [text for text in texts for sign in ("](http", "$x", ":smile:", "<b>") if _acts(text, sign)]
    assert drawing == []
    html = "".join(element.proto.body for element in page.get("html"))
    assert "<b>bold" not in html and 'evil.example/p.png"' not in html
    assert "evil.example" in "".join(texts) + html, "the name is not on the page: nothing was shown"


def _acts(text: str, sign: str) -> bool:
    """Whether Markdown would obey the sign: it stands there with no backslash before it."""
    at = text.find(sign)
    return at >= 0 and text[at - 1 : at] != "\\"
