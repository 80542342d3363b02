"""The benchmark of time-to-bill counts speed only with every posting in the ERP exactly once."""

from __future__ import annotations

from tests.bench import bill


def test_a_small_run_posts_every_entry_once() -> None:
    figures = bill.run(120)
    assert figures["postings"] == figures["acknowledged_in_psa"] == figures["entries"] == 120
    assert figures["posted_twice"] == figures["missing"] == 0 and figures["all_settled"]
    assert figures["hours_difference"] == "0.00" and figures["entries_per_s"] > 0
