"""The benchmark of marts measures turns that saw what it made: a tiny firm, each figure a sane one."""

from __future__ import annotations

import pytest

from tests.bench import marts


@pytest.mark.req("C8")
def test_a_tiny_firm_is_made_and_its_turns_are_measured() -> None:
    figures = marts.run(2_000)
    assert figures["items"] == 2_000 and figures["failed"] == {} and figures["found"] > 0
    assert 0 < figures["nothing_new_s"] < figures["changed_s"] < 60 and figures["from_nothing_s"] > 0
    assert figures["detectors_peak_mib"] > 50 and set(figures["at_a_tenth"]) < set(figures)
