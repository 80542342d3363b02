"""The benchmark of marts measures turns that saw what it made: tiny firms, each figure a sane one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import marts


@pytest.mark.req("C8")
def test_a_tiny_firm_is_made_and_its_turns_are_measured() -> None:
    figures = marts.run([2_000])
    assert figures["items"] == [2_000] and figures["failed"] == [{}] and figures["found"][0] > 0
    assert 0 < figures["nothing_new_s"][0] < figures["changed_s"][0] < 60 and figures["from_nothing_s"][0] > 0
    assert figures["detectors_peak_mib"][0] > 50 and set(marts.COSTS) < set(figures)


def test_what_is_compared_with_is_what_is_loaded(tmp_path: Path) -> None:
    """A folder that is no checkout: the installed release would be measured against itself."""
    with pytest.raises(RuntimeError, match="was loaded instead of"):
        marts.Turns(str(tmp_path), tmp_path, 1)


def test_growth_is_told_in_decades(monkeypatch: pytest.MonkeyPatch) -> None:
    """1 is in step with the size, 0 is flat."""
    costs = dict.fromkeys(marts.COSTS, 2.0)
    monkeypatch.setattr(marts, "measured", lambda size, checkout: {"items": size, **costs, "changed_s": size / 100})
    growth = marts.run([10_000, 100])["growth"]
    assert growth == {**dict.fromkeys(marts.COSTS, 0.0), "changed_s": 1.0}


def test_a_ratio_is_ours_to_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = {marts.CHECKOUT: 1.0, Path("/other"): 4.0}
    monkeypatch.setattr(marts, "measured", lambda size, checkout: dict.fromkeys(marts.COSTS, costs[checkout]))
    assert marts.run([100], Path("/other"))["ratio"] == dict.fromkeys(marts.COSTS, 0.25)
