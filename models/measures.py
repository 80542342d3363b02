"""A process's measures in the text format of Prometheus (version 0.0.4), made when they are asked for."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

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


def by_label(label: str, values: Mapping[str, float]) -> list[tuple[Labels, float]]:
    """The values of a measure that are told apart by one label."""
    return [({label: name}, value) for name, value in sorted(values.items())]


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


def _labelled(labels: Labels) -> str:
    inner = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
