"""The benchmark of ingest counts spans only once all that was acknowledged can be read."""

from __future__ import annotations

import json
import os
import time
from typing import Any

import pyarrow as pa
import pytest

from collectors.pipeline.otlp.decode import Signal, decode
from collectors.pipeline.otlp.from_json import protobuf_of
from models.lake.reader import LakeReader, open_reader
from models.settings import Settings
from tests.bench import ingest
from tests.bench.lake import Rate, raw_insert_rate
from tests.bench.load import JSON, PROTOBUF, Requests

WARM_UP, SPANS, LIMIT, PER_REQUEST = 2, 2_000, 1_500, 500
WHOLE = "SELECT count(*) AS spans, count(DISTINCT span_id) AS ids FROM spans"


class Yardsticks:
    """The benchmark's own parts, and what they really held and did."""

    def __init__(self) -> None:
        self.held: dict[str, Any] = {}
        self.limits: list[Rate] = []

    def reader(self, settings: Settings) -> LakeReader:
        opened = open_reader(settings)
        close = opened.close

        def looked_and_closed() -> None:
            self.held = opened.rows(WHOLE)[0]
            close()

        opened.close = looked_and_closed  # type: ignore[method-assign]
        return opened

    def limit(self, rows: pa.Table) -> Rate:
        self.limits.append(raw_insert_rate(rows))
        return self.limits[-1]


@pytest.mark.req("N3")
@pytest.mark.processes
def test_every_figure_is_of_spans_that_are_in_the_lake(monkeypatch: pytest.MonkeyPatch) -> None:
    """N3: what was sent is there once, no rate is faster than the wall's clock, and the limit did the same rows."""
    sticks = Yardsticks()
    monkeypatch.setattr(ingest, "open_reader", sticks.reader)
    monkeypatch.setattr(ingest, "raw_insert_rate", sticks.limit)
    began = time.perf_counter()
    figures = ingest.run(SPANS, connections=4, per_request=PER_REQUEST, warm_up=WARM_UP, limit_rows=LIMIT)
    wall = time.perf_counter() - began
    sent = WARM_UP * PER_REQUEST + sum(one.spans for one in ingest.loads(SPANS, PER_REQUEST))
    assert sticks.held == {"spans": sent, "ids": sent} and figures["spans"] == SPANS
    (limit,) = sticks.limits
    assert limit.rows == LIMIT and figures["limit_rows_per_s"] == round(limit.per_second)
    assert figures["ratio"] == pytest.approx(figures["spans_per_s"] / figures["limit_rows_per_s"], abs=0.002)
    assert SPANS / wall <= figures["spans_per_s"] <= figures["acknowledged_per_s"]
    assert SPANS / figures["spans_per_s"] + limit.wall_seconds <= wall * 1.01
    assert 0 < figures["cpu_us_per_span"] * SPANS / 1e6 <= wall * (os.cpu_count() or 1)
    assert 30 < figures["resident_mib"] < 4_000, "a collector holds Python and DuckDB, and no more than it should"
    assert figures["json_cost"] == pytest.approx(figures["json_cpu_us_per_span"] / figures["cpu_us_per_span"], abs=0.01)
    assert set(figures) == {
        "spans",
        *(f"{form}{what}" for form in ("", "json_", "by_10_", "by_1_") for what in ingest.FIGURES),
        "limit_rows_per_s",
        "ratio",
        "json_cost",
        "resident_mib",
    }


@pytest.mark.parametrize("form", [PROTOBUF, JSON])
def test_a_span_of_the_load_is_as_rich_as_a_services(form: str) -> None:
    """N3: thirteen attributes, an event on every fourth span, three services a request; each body has its own ids."""
    requests = Requests(20, form)
    bodies = [requests.body(), requests.body()]
    if form == JSON:
        bodies = [protobuf_of(Signal.TRACES, body).payload for body in bodies]
    found = decode(Signal.TRACES, bodies, [1, 1])
    spans = found.table.to_pylist()
    assert not found.refusals and len({span["span_id"] for span in spans}) == 40
    assert {len(json.loads(span["attributes"])) for span in spans} == {13}
    assert sum(len(json.loads(span["events"])) for span in spans) == 10
    assert {span["service_name"] for span in spans} == {"bench-0", "bench-1", "bench-2"}


def test_a_refused_request_is_no_figure() -> None:
    with pytest.raises(RuntimeError, match="3 of 10 requests were refused"):
        ingest._expect(7, 10)


def test_a_span_that_cannot_be_read_is_no_figure() -> None:
    with pytest.raises(RuntimeError, match="0 spans can be read, 10 were acknowledged"):
        ingest._expect_read(0, 10)
