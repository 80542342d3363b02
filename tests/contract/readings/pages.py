"""Pages as a test reads them: drawn for one viewer over real stores, their tables as rows of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

import lxml.html
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest


def _draw() -> None:
    import streamlit as st

    from app.console.view import views

    question, viewer = st.session_state["asked"]
    next(view for view in views() if view.path == question).draw(viewer)


@contextmanager
def console_over(home: Path) -> Iterator[None]:
    """A console's process whose stores are those of `home`, and nothing kept from another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIEOUT_HOME", str(home))
        patch.setenv("TIEOUT_WORLD_CLOCK", str(home / "clock.json"))
        _forget()
        yield
        _forget()


def _forget() -> None:
    st.cache_resource.clear()
    st.cache_data.clear()


def drawn(question: str, viewer: object, /, query: Mapping[str, str] = MappingProxyType({}), **address: str) -> AppTest:
    """A page as this viewer sees it; `query` is what its URL asks for, `address` the state in it."""
    page = AppTest.from_function(_draw, default_timeout=60)
    page.session_state["asked"] = (question, viewer)
    for name, value in query.items():
        page.query_params[name] = value
    for name, value in address.items():
        page.session_state[name] = value
    page.run()
    assert not page.exception, page.exception[0].value
    return page


def tables(page: AppTest) -> list[list[dict[str, str]]]:
    """The page's own tables, row by row; each cell its text under its heading."""
    found: list[list[dict[str, str]]] = []
    for table in _elements(page, "//table"):
        names = [cell.text_content().strip() for cell in table.xpath(".//thead//*[self::th or self::td]")]
        lines = [[cell.text_content().strip() for cell in line.xpath("./td")] for line in table.xpath(".//tbody/tr")]
        found.append([dict(zip(names, line, strict=True)) for line in lines])
    for frame in page.dataframe:
        found.append([{name: str(value) for name, value in line.items()} for line in frame.value.to_dict("records")])
    return found


def figures(page: AppTest) -> dict[str, str]:
    """The page's headline figures by label."""
    pairs: dict[str, str] = {}
    for cell in _elements(page, "//div[contains(@class, 't-metrics')]/div"):
        label, value, _ = (part.text_content().strip() for part in cell.xpath("./div"))
        pairs[label] = value
    return pairs


def _elements(page: AppTest, path: str) -> Iterator[lxml.html.HtmlElement]:
    for element in page.get("html"):
        yield from lxml.html.fromstring(f"<div>{element.proto.body}</div>").xpath(path)


def column(page: AppTest, heading: str, beside: str) -> list[Decimal]:
    """The amounts of one column, of the table that also has the column `beside`, to the cent."""
    [table] = [rows for rows in tables(page) if rows and {heading, beside} <= set(rows[0])]
    return [cents(row[heading]) for row in table]


def cents(text: str) -> Decimal:
    """An amount as the console writes it, exactly."""
    return Decimal(text.replace("€", "").replace(",", "").replace("−", "-"))
