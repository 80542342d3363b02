"""A long table says how much of it is shown, and leads to the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app import console
from app.console.widgets import formats
from app.console.widgets.markup import Column, table


def script() -> None:
    from app.console.widgets.markup import Column
    from app.console.widgets.paging import paged

    rows = [{"name": f"Customer {number}"} for number in range(29)]
    paged([Column("name", "Name")], rows, "customers", total={"name": "All of them"})


@pytest.mark.finding("U7a", "U7b")
@pytest.mark.req("O3")
def test_a_table_names_its_part_its_whole_and_its_total() -> None:
    page = AppTest.from_function(script, default_timeout=60).run()
    shown = str([element.proto.body for element in page.get("html")])
    assert [caption.value for caption in page.caption] == ["1–25 of 29"]
    assert "Customer 24" in shown and "Customer 25" not in shown and "All of them" in shown


@pytest.mark.finding("U15a")
@pytest.mark.req("O7")
def test_a_column_without_a_title_has_no_heading_to_be_read_out() -> None:
    """U15: a screen reader would announce an empty one; the first column still has its own."""
    drawn = table([Column("name", "Name"), Column("share", "", tip="Of all")], [{"name": "a", "share": "b"}])
    assert '<thead><tr><th class="">Name</th><td class="" title="Of all"></td></tr></thead>' in drawn


@pytest.mark.finding("U15a")
@pytest.mark.req("O7")
def test_headings_skip_no_level() -> None:
    """U15: a page has a title and, below it, parts; the subheader of Streamlit is a level further down."""
    files = Path(console.__file__ or "").parent.rglob("*.py")
    assert [file for file in files if ".subheader(" in file.read_text()] == []


def test_a_part_in_words() -> None:
    assert formats.part_of(25, 4, 29) == "26–29 of 29"
    assert formats.part_of(0, 12, 12) == "all 12"
