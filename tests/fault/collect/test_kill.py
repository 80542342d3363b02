"""kill -9 right after an answer: what it acknowledged is in the lake exactly once (C6, E1). Kills at any moment,
under load, are in `tests/fault/system/test_random_kills.py`.
"""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.req("C6", "E1"), pytest.mark.processes]


def test_observations_survive_a_kill_right_after_the_acknowledgement(collector):
    line = (
        b'{"observed_at":"2026-01-31T08:00:00Z","snapshot_id":"%d",'
        b'"system":"a","entity":"project","key":"P","present":true,"fields":{}}'
    )
    for number in range(5):
        assert collector.observe(line % number)[0] == 200
    collector.kill()
    collector.start()
    collector.until_stored()
    assert collector.rows("select count(*) as n, count(distinct snapshot_id) as d from observations") == [
        {"n": 5, "d": 5}
    ]
