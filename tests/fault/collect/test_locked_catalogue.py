"""A catalogue that somebody else holds locked makes the lake late, never the senders wrong (C6, C8, N4)."""

from __future__ import annotations

import sqlite3
import threading

import pytest

from tests.acceptance.collect.process import PROTOBUF
from tests.unit.collect.requests import traces

pytestmark = [pytest.mark.req("C6", "C8", "N4"), pytest.mark.processes]


def test_requests_are_acknowledged_while_the_catalogue_is_locked_and_land_when_it_is_free(collector):
    assert collector.post("/v1/traces", traces(2).SerializeToString(), PROTOBUF)[0] == 200
    collector.until_stored()
    other = sqlite3.connect(collector.settings.lake_catalog_address, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers = [collector.post("/v1/traces", traces(2).SerializeToString(), PROTOBUF)[0] for _ in range(10)]
    threading.Event().wait(0.5)
    assert answers == [200] * 10
    assert any(collector.health()["waiting_bytes"].values()), "nothing can land while the lock is held"
    other.execute("ROLLBACK")
    other.close()
    collector.until_stored()
    assert collector.rows("select count(*) as n from spans") == [{"n": 22}]


def test_a_collector_that_is_told_to_end_while_the_catalogue_is_locked_ends_in_time_and_loses_nothing(collector):
    assert collector.post("/v1/traces", traces(2).SerializeToString(), PROTOBUF)[0] == 200
    collector.until_stored()
    other = sqlite3.connect(collector.settings.lake_catalog_address, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert collector.post("/v1/traces", traces(3).SerializeToString(), PROTOBUF)[0] == 200
    assert collector.terminate() == 0
    other.execute("ROLLBACK")
    other.close()
    collector.start()
    collector.until_stored()
    assert collector.rows("select count(*) as n from spans") == [{"n": 5}]
