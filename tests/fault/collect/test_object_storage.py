"""A lake whose files lie on object storage: whole over its outage and restart, and over a kill meanwhile (C8, N2)."""

from __future__ import annotations

import threading
import time

import pytest

from models.domain.clock import SystemClock
from models.lake.data_place import fault_of
from models.lake.export import export
from models.lake.maintenance import TIERS
from models.lake.orphans import orphans_of
from models.lake.verify import verify
from models.lake.verify_export import verify_export
from models.lake.writer import open_writer
from tests.acceptance.collect.process import PROTOBUF
from tests.object_storage import object_storage  # noqa: F401  a fixture
from tests.unit.collect.requests import traces
from tests.unit.lake.samples import HandClock, settings_at, spans

pytestmark = [pytest.mark.req("C8", "N2"), pytest.mark.processes]
DATA = "s3://firm/lake"


def sent(collector, count):
    return collector.post("/v1/traces", traces(count).SerializeToString(), PROTOBUF)[0]


def until(holds, seconds=30.0):
    end, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < end:
        if holds():
            return
        pause.wait(0.05)
    raise AssertionError("it never came")


def test_an_outage_loses_nothing_and_doubles_nothing(object_storage, new_collector, monkeypatch):  # noqa: F811
    for name, value in object_storage.environment.items():
        monkeypatch.setenv(name, value)
    collector = new_collector(TIEOUT_LAKE_DATA=DATA, **object_storage.environment)
    collector.settings = collector.settings.model_copy(update={"lake_data": DATA})
    collector.start()
    assert sent(collector, 5) == 200
    collector.until_stored()

    object_storage.kill()
    assert [sent(collector, 4) for _ in range(5)] == [200] * 5, "the spool takes what the lake cannot"
    until(lambda: collector.health()["faults"])
    fault = collector.health()["faults"][0]
    assert "could not connect" in fault.lower() and object_storage.environment["AWS_ENDPOINT_URL"] in fault
    assert sent(collector, 4) == 200
    assert "does not answer" in (fault_of(collector.settings) or "")
    collector.kill()
    collector.start(ready=False)

    object_storage.start()
    collector.until_ready()
    assert sent(collector, 2) == 200
    collector.until_stored()
    assert collector.rows("select count(*) as n, count(distinct span_id) as d from spans") == [{"n": 31, "d": 31}]
    assert collector.health()["faults"] == []
    collector.terminate()
    assert verify(collector.settings).sound
    assert fault_of(collector.settings) is None


@pytest.mark.postgres
def test_small_files_are_merged_and_it_stays_whole(object_storage, postgres_url, tmp_path, monkeypatch):  # noqa: F811
    """Scaled out: the catalogue in PostgreSQL, the files on object storage."""
    for name, value in object_storage.environment.items():
        monkeypatch.setenv(name, value)
    catalogue = postgres_url.replace("+psycopg", "")
    settings = settings_at(tmp_path / "home", lake_data="s3://firm/merged", lake_catalog=catalogue)
    writer = open_writer(settings, HandClock())
    for number in range(1, TIERS[0][2] + 1):
        writer.append({"spans": spans(3, number * 3)}, "otlp", number)
    writer.checkpoint()
    assert writer.maintain().merged >= TIERS[0][2]
    writer.append({"spans": spans(3)}, "otlp", number + 1)
    writer.close()
    assert verify(settings).sound
    export(settings, tmp_path / "export", SystemClock())
    assert verify_export(tmp_path / "export").sound, "taken off object storage, it is whole by itself"
    found = orphans_of(settings, move=True)
    assert found.movable == () and "storage's own tools" in (found.refused or "")
