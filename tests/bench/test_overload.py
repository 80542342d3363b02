"""Who sends little is served while others push as much as the collector takes, and the collector stays small."""

from __future__ import annotations

import pytest

from tests.bench import overload

SECONDS, MOST_MIB = 5.0, 700
"""What a busy machine may take for one answer, and the collector of memory: 0.1.0 took ten seconds and 1,018 MiB."""


@pytest.mark.req("N3", "C6")
@pytest.mark.finding("A10b", "A10c")
@pytest.mark.processes
def test_a_small_sender_is_answered_beside_64_large_ones() -> None:
    """0.1.0 gave a sender of one span 5 answers in 50 s beside 64 bodies of 15 MiB, and took 1,018 MiB."""
    figures = overload.run(small=40)
    assert figures["beside_p95_ms"] < 1000 * SECONDS, figures
    assert figures["resident_mib"] < MOST_MIB, figures
    assert figures["large_taken"] + figures["large_refused"] > 0, "nothing large was answered: nothing was shown"
