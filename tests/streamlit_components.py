"""Streamlit's own tests read the metadata of every installed package before each page they draw: once is enough."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import cache

import pytest


@pytest.fixture(scope="session", autouse=True)
def components_are_looked_for_once() -> Iterator[None]:
    """Where no test draws a page, Streamlit stays unread."""
    with pytest.MonkeyPatch.context() as patch:
        if scanner := sys.modules.get("streamlit.components.v2.manifest_scanner"):
            patch.setattr(scanner, "scan_component_manifests", cache(scanner.scan_component_manifests))
        yield
