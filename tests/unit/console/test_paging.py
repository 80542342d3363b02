"""A long table says how much of it is shown, and leads to the rest."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from app.console.widgets import formats


def script() -> None:
    from app.console.widgets.markup import Column
    from app.console.widgets.paging import paged

    rows = [{"name": f"Customer {number}"} for number in range(29)]
    paged([Column("name", "Name")], rows, "customers", total={"name": "All of them"})


@pytest.mark.req("O3")
def test_a_table_names_its_part_its_whole_and_its_total() -> None:
    page = AppTest.from_function(script, default_timeout=60).run()
    shown = str([element.proto.body for element in page.get("html")])
    assert [caption.value for caption in page.caption] == ["1–25 of 29"]
    assert "Customer 24" in shown and "Customer 25" not in shown and "All of them" in shown


def test_a_part_in_words() -> None:
    assert formats.part_of(25, 4, 29) == "26–29 of 29"
    assert formats.part_of(0, 12, 12) == "all 12"
