"""Every connector, ours or another package's, keeps its promises over the exchanges recorded in its own folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from integrations.connectors.directory import connector_of, vendors
from integrations.contracts.conformance import conformance
from tests.contract.connectors.cases import SECRET


@pytest.mark.parametrize("vendor", sorted(vendors()))
@pytest.mark.req("S6", "S9")
def test_it_keeps_its_promises(vendor: str) -> None:
    """A new connector is found here and has to prove itself; nothing but its folder is touched."""
    assert conformance(connector_of(vendor), Path(str(files(vendors()[vendor]))) / "exchanges") == []


@pytest.mark.req("G3")
def test_no_recording_holds_a_secret_or_an_address() -> None:
    """What is recorded is published: neither the emulators' secret nor where they listened is in it."""
    ours = Path(str(files("integrations.connectors"))).glob("*/exchanges/*.json")
    texts = {path: path.read_text() for path in ours}
    assert len(texts) > 40
    assert [str(path) for path, text in texts.items() if SECRET in text or "127.0.0.1" in text or "/tmp" in text] == []
