"""Log files that the collector follows, and how their lines are read, as the catalogue's files say it (C2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from models.catalogue.entries import FormatEntry, LogEntry
from models.catalogue.files import Files


@dataclass(frozen=True, slots=True)
class LogFormat:
    """How a record is read. With a `pattern` its named groups are the fields, and `time`, `severity` and `body` among
    them; without one a line is a JSON object, and the first of these fields that it has counts.

    `begins` finds the lines that begin a record, where a record may have several. `times` are forms of strptime for
    times that are neither ISO 8601 nor a number since 1970; `levels` gives words their OpenTelemetry severity number;
    a body without a line's end goes on in the next line of the same field `continued`.
    """

    name: str
    pattern: str | None = None
    begins: str | None = None
    time: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
    continued: str | None = None


@dataclass(frozen=True, slots=True)
class LogSource:
    """Files (absolute globs) that one service writes in one format. `zone` is that of times that name none; a line of
    more than `line_bytes` is refused. `inside` is the format of bodies, where a container's log wraps those of its
    service.
    """

    name: str
    files: tuple[str, ...]
    format: LogFormat
    service: str
    zone: ZoneInfo | None = None
    encoding: str = "utf-8"
    line_bytes: int = 1 << 20
    inside: LogFormat | None = None


def log_formats_of(files: Files) -> dict[str, LogFormat]:
    """Every format by its name."""
    return {entry.name: _format(entry) for entry in files.values("formats.toml")}


def log_sources_of(files: Files) -> tuple[LogSource, ...]:
    """Every source, in the order of the file."""
    formats = log_formats_of(files)
    return tuple(_source(entry, formats) for entry in files.values("logs.toml"))


def _format(entry: FormatEntry) -> LogFormat:
    return LogFormat(
        name=entry.name,
        pattern=entry.pattern,
        begins=entry.begins,
        time=tuple(entry.time),
        severity=tuple(entry.severity),
        body=tuple(entry.body),
        times=tuple(entry.times),
        levels=dict(entry.levels),
        continued=entry.continued,
    )


def _source(entry: LogEntry, formats: Mapping[str, LogFormat]) -> LogSource:
    return LogSource(
        name=entry.name,
        files=tuple(entry.files),
        format=formats[entry.format],
        service=entry.service or entry.name,
        zone=ZoneInfo(entry.zone) if entry.zone else None,
        encoding=entry.encoding,
        line_bytes=entry.line_kib << 10,
        inside=formats[entry.inside] if entry.inside else None,
    )
