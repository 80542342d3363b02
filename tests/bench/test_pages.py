"""The benchmark of pages asks what the pages ask, in a home that has what it made."""

from __future__ import annotations

import pytest

from tests.bench import pages


@pytest.mark.req("N3")
def test_every_page_is_read_in_a_tiny_home() -> None:
    figures = pages.measured(400)
    assert figures["cases"] == 400
    assert all(0 < figures[f"{name}_ms"] <= figures[f"{name}_first_ms"] < 60_000 for name in pages.PAGES)
