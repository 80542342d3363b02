"""How records of log files are read: formats are data, times have a zone, records of several lines stay one (C2)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from collectors.tailing.moment import Moments
from models.catalogue.logs import LogFormat
from tests.catalogues import packaged_formats
from tests.unit.collect.log_world import NOW, World, berlin, source, write

pytestmark = pytest.mark.req("C2")


def read(tmp_path: Path, content: bytes, kind: str | LogFormat, **more: Any) -> World:
    (tmp_path / "logs").mkdir()
    world = World(tmp_path, source(tmp_path / "logs", kind, **more))
    write(tmp_path / "logs" / "app.log", content)
    world.settled()
    return world


def told(row: dict[str, Any]) -> tuple[str, int, str, dict[str, Any]]:
    """Time, severity, body, and what the line told beside them."""
    attributes = {name: held for name, held in orjson.loads(row["attributes"]).items() if not name.startswith("log.")}
    return row["time"].isoformat(), row["severity_number"], row["body"], attributes


@pytest.mark.parametrize(
    ("kind", "content", "wanted"),
    [
        (
            "log4j",
            "2026-11-30 10:15:00,123 [main] ERROR com.acme.Posting - refused",
            ("2026-11-30T09:15:00.123000+00:00", 17, "refused", {"thread": "main", "logger": "com.acme.Posting"}),
        ),
        (
            "mule",
            "WARN  2026-11-30 10:15:00,123 [[MuleRuntime].uber.03: [sync].flow] [processor: sync/3; event: e-1] late",
            (
                "2026-11-30T09:15:00.123000+00:00",
                13,
                "late",
                {"thread": "[MuleRuntime].uber.03: [sync].flow", "context": "processor: sync/3; event: e-1"},
            ),
        ),
        (
            "python",
            "2026-11-30 10:15:00,123 - acme.sync - CRITICAL - stopped - for good",
            ("2026-11-30T09:15:00.123000+00:00", 18, "stopped - for good", {"logger": "acme.sync"}),
        ),
        (
            "combined",
            '10.0.0.1 - ann [30/Nov/2026:10:15:00 +0100] "POST /bill HTTP/1.1" 502 17 "-" "curl/8"',
            (
                "2026-11-30T09:15:00+00:00",
                0,
                '"POST /bill HTTP/1.1" 502 17 "-" "curl/8"',
                {"client": "10.0.0.1", "user": "ann", "status": "502", "bytes": "17"},
            ),
        ),
        (
            "syslog",
            "Nov 30 10:15:00 erp1 cron[17]: started",
            ("2026-11-30T09:15:00+00:00", 0, "started", {"host": "erp1", "program": "cron", "pid": "17"}),
        ),
        ("text", "anything at all", ("2026-11-30T12:00:00+00:00", 0, "anything at all", {})),
        (
            "json",
            '{"ts":1796033700.5,"level":50,"msg":"pino","a":{"b":1}}',
            ("2026-11-30T10:15:00.500000+00:00", 17, "pino", {"a": {"b": 1}}),
        ),
        (
            "journald",
            '{"__REALTIME_TIMESTAMP":"1796033700123456","PRIORITY":"4","MESSAGE":[99,97,102,195,169],"_PID":"9"}',
            ("2026-11-30T10:15:00.123456+00:00", 13, "café", {"_PID": "9"}),
        ),
    ],
)
def test_a_packaged_format_reads_its_line(
    tmp_path: Path, kind: str, content: str, wanted: tuple[str, int, str, dict[str, Any]]
) -> None:
    world = read(tmp_path, content.encode() + b"\n", kind, zone=berlin())
    assert [told(row) for row in world.logs()] == [wanted] and world.refused() == []


def test_every_packaged_format_is_tried_here() -> None:
    assert set(packaged_formats()) == {
        "json", "docker", "journald", "text", "log4j", "mule", "python", "combined", "syslog",
    }  # fmt: skip


def test_a_trace_stays_with_its_record_wherever_a_block_ends(tmp_path: Path) -> None:
    """The lines that begin no record belong to the one before, blank ones too, until the next begins or none comes."""
    stack = b"2026-11-30 10:15:00 ERROR failed\r\n\tat a.B.c(B.java:1)\n\nCaused by: x\n"
    world = read(tmp_path, stack, "log4j", zone=berlin())
    assert world.bodies() == ["failed\n\tat a.B.c(B.java:1)\n\nCaused by: x"]
    log = tmp_path / "logs" / "app.log"
    write(log, b"2026-11-30 10:15:01 ERROR more\n")
    world.turns(1)
    write(log, b"\tat d.E.f(E.java:2)\n2026-11-30 10:15:02 INFO next\n")
    world.turns(1)
    assert world.bodies()[1:] == ["more\n\tat d.E.f(E.java:2)"]
    world.turns(3)
    assert world.bodies()[2:] == ["next"]


def test_a_record_of_many_lines_ends_where_it_gets_too_long(tmp_path: Path) -> None:
    content = b"2026-11-30 10:15:00 ERROR failed\n" + b"\tat a.B.c(B.java:1)\n" * 100
    world = read(tmp_path, content, "log4j", zone=berlin(), line_bytes=1024)
    (row,) = world.logs()
    assert len(row["body"]) < 1024
    rest = "".join(refused["content"] + "\n" for refused in world.refused())
    assert {refused["error_code"] for refused in world.refused()} == {"pattern"}
    assert row["body"].count("\tat") + rest.count("\tat") == 100


def docker(text: str, stream: str = "stdout", time: str = "2026-11-30T10:15:00.123456789Z") -> bytes:
    return orjson.dumps({"log": text, "stream": stream, "time": time}) + b"\n"


def test_a_line_that_docker_split_is_one_record(tmp_path: Path) -> None:
    """Apart by stream; what comes between waits, so that a kill there doubles nothing."""
    begun = docker("a1 ") + docker("b\n", "stderr") + docker("a2 ")
    world = read(tmp_path, docker("before\n"), "docker")
    write(log := tmp_path / "logs" / "app.log", begun)
    world.turns(1)
    assert world.bodies() == ["before"]
    world.restart()
    write(log, docker("a3\n") + docker("after\n") + b"no json\n")
    world.settled()
    assert world.bodies() == ["before", "a1 a2 a3", "b", "after"]
    assert told(world.logs()[1])[::3] == ("2026-11-30T10:15:00.123456+00:00", {"stream": "stdout"})
    assert [row["error_code"] for row in world.refused()] == ["json"]


def test_a_container_wraps_the_records_of_its_service(tmp_path: Path) -> None:
    """Time, severity and fields are those of the service where its line tells them; other lines stay as they are."""
    inner = b'{"level":"warn","msg":"late","ts":1796033701,"order":7}'
    content = docker(inner.decode()[:20]) + docker(inner.decode()[20:] + "\n") + docker("npm start\n", "stderr")
    world = read(tmp_path, content, "docker", inside="json")
    assert [told(row) for row in world.logs()] == [
        ("2026-11-30T10:15:01+00:00", 13, "late", {"stream": "stdout", "order": 7}),
        ("2026-11-30T10:15:00.123456+00:00", 0, "npm start", {"stream": "stderr"}),
    ]
    assert world.refused() == []


def test_a_time_without_a_zone_waits_in_the_quarantine_until_the_source_has_one(tmp_path: Path) -> None:
    world = read(tmp_path, b"2026-11-30 10:15:00 ERROR failed\n", "log4j")
    (row,) = world.refused()
    assert world.logs() == [] and row["content"] == "2026-11-30 10:15:00 ERROR failed"
    assert "names no zone: give the source one in logs.toml" in row["reason"]


def test_an_own_format_is_a_pattern_with_named_groups(tmp_path: Path) -> None:
    pattern = r"<(?P<severity>\w)> (?P<time>\S+) (?P<token>\S+) (?P<body>.*)"
    own = LogFormat("own", pattern, times=("%d.%m.%Y-%H:%M",), levels={"x": 9})
    world = read(tmp_path, b"<X> 30.11.2026-10:15 abc caf\xe9\nelse\n", own, zone=berlin(), encoding="latin-1")
    assert told(world.logs()[0]) == ("2026-11-30T09:15:00+00:00", 9, "café", {"token": "***"})
    assert world.refused()[0]["reason"] == "the record is not of the format own"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2026-11-30T10:15:00Z", "2026-11-30T10:15:00+00:00"),
        ("2026-11-30 10:15:00+0100", "2026-11-30T09:15:00+00:00"),
        ("2026-11-30T10:15:00.123456789Z", "2026-11-30T10:15:00.123456+00:00"),
        ("2026-11-30 10:15:00,5", "2026-11-30T09:15:00.500000+00:00"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00+00:00"),  # twice in Berlin: the first is meant
        (1796033700, "2026-11-30T10:15:00+00:00"),
        ("1796033700.25", "2026-11-30T10:15:00.250000+00:00"),
        (1796033700123, "2026-11-30T10:15:00.123000+00:00"),
        ("1796033700123456", "2026-11-30T10:15:00.123456+00:00"),
        (1796033700123456789, "2026-11-30T10:15:00.123456+00:00"),
        ("Dec 31 23:00:00", "2026-12-31T22:00:00+00:00"),
    ],
)
def test_times_are_read_in_the_forms_that_logs_have(value: Any, wanted: str) -> None:
    micros = Moments(("%b %d %H:%M:%S",), berlin()).micros(value, NOW)
    assert datetime.fromtimestamp(micros / 1e6, UTC).isoformat() == wanted


def test_a_time_without_a_year_is_of_the_nearest(tmp_path: Path) -> None:
    new_year = datetime(2027, 1, 1, 0, 1, tzinfo=UTC)
    micros = Moments(("%b %d %H:%M:%S",), berlin()).micros("Dec 31 23:59:59", new_year)
    assert datetime.fromtimestamp(micros / 1e6, UTC).isoformat() == "2026-12-31T22:59:59+00:00"


@pytest.mark.parametrize(
    "value", ["", "soon", True, None, [], 20261130, "20261130", -1, 1e30, float("inf"), "9" * 30, "²"]
)
def test_what_is_no_time_is_said(value: Any) -> None:
    with pytest.raises(ValueError, match="the time"):
        Moments((), berlin()).micros(value, NOW)
