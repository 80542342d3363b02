"""The collector's own measures in the text format of Prometheus (version 0.0.4), made when they are asked for."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from collectors.pipeline.pipeline import Pipeline

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure with its values; a name that ends in `_total` only grows."""

    name: str
    about: str
    values: Sequence[tuple[Labels, float]] = field(default_factory=tuple)


def exposition(measures: Iterable[Measure]) -> bytes:
    """The measures as Prometheus reads them."""
    lines: list[str] = []
    for measure in measures:
        kind = "counter" if measure.name.endswith("_total") else "gauge"
        lines += [f"# HELP {measure.name} {measure.about}", f"# TYPE {measure.name} {kind}"]
        lines += [f"{measure.name}{_labelled(labels)} {value:.15g}" for labels, value in measure.values]
    return ("\n".join(lines) + "\n").encode()


def pipeline_measures(pipeline: Pipeline) -> list[Measure]:
    """What came in, what became of it, and what waits."""
    stored, refused, requests, size = pipeline.tally.counts()
    answered = [({"receiver": name, "status": str(status)}, count) for (name, status), count in requests.items()]
    return [
        Measure("tieout_rows_accepted_total", "Rows made durable, by table", _by("table", stored)),
        Measure("tieout_items_refused_total", "Items refused and kept in quarantine", _by("receiver", refused)),
        Measure("tieout_requests_total", "Requests answered, by status", answered),
        Measure("tieout_request_bytes_total", "Bytes of bodies answered", _by("receiver", size)),
        Measure("tieout_spool_bytes", "Acknowledged and not yet in the lake", _by("lane", pipeline.waiting_bytes)),
        Measure("tieout_spool_limit_bytes", "Spool at which senders wait, by lane", [({}, pipeline.spool_limit)]),
        Measure("tieout_lag_seconds", "Age of the oldest rows not yet in the lake", _by("lane", pipeline.lag_seconds)),
        Measure("tieout_intake_bytes", "Bodies that are not answered yet", _by("lane", pipeline.intake_bytes)),
    ]


def process_measures() -> list[Measure]:
    """This process, by the names that Prometheus' own clients use."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return [
        Measure("process_cpu_seconds_total", "Processor time used", [({}, used.ru_utime + used.ru_stime)]),
        Measure("process_resident_memory_bytes", "Resident memory", [({}, _resident())]),
        Measure("process_open_fds", "Open files", [({}, len(os.listdir("/proc/self/fd")))]),
    ]


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _by(label: str, values: Mapping[str, float]) -> list[tuple[Labels, float]]:
    return [({label: name}, value) for name, value in sorted(values.items())]


def _labelled(labels: Labels) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
