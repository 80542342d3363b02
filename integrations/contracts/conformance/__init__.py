"""The contract of a connector as a programme: `conformance(CONNECTOR, folder)` plays recorded dialogues with a vendor
and names every promise that is broken. A connector of another package is proven by a test of one line:

    def test_it_keeps_its_promises() -> None:
        assert not conformance(CONNECTOR, Path(__file__).parent / "exchanges")

`Recorder` records such dialogues, from a test tenant or an emulator.
"""

from __future__ import annotations

from pathlib import Path

from integrations.contracts.conformance.coverage import gaps
from integrations.contracts.conformance.playing import Maker, play
from integrations.contracts.conformance.promises import breaches
from integrations.contracts.conformance.recording import Recorder

__all__ = ["Recorder", "conformance"]


def conformance(make: Maker, folder: Path) -> list[str]:
    """Each broken promise as a sentence; none when the connector conforms.

    `folder` holds a dialogue in each `*.json`; together they must show every stream, snapshot and write that the
    connector declares. Raises ValueError for a file that holds no dialogue.
    """
    whole = [play(make, path) for path in sorted(folder.glob("*.json"))]
    said = [fault for played in whole for fault in (*played.faults, *breaches(played))]
    return [*said, *gaps(whole)]
