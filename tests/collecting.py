"""Collector processes for these tests; none outlives its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.acceptance.collect.process import CollectorProcess


@pytest.fixture
def new_collector(tmp_path: Path) -> Iterator[Callable[..., CollectorProcess]]:
    made: list[CollectorProcess] = []

    def make(**environment: str) -> CollectorProcess:
        made.append(CollectorProcess(tmp_path / f"home{len(made)}", **environment))
        made[-1].home.mkdir()
        return made[-1]

    yield make
    for collector in made:
        collector.close()


@pytest.fixture
def collector(new_collector: Callable[..., CollectorProcess]) -> CollectorProcess:
    made = new_collector()
    made.start()
    return made


@contextmanager
def running(folder: Path, **environment: str) -> Iterator[CollectorProcess]:
    """A collector that several tests share; it must end well."""
    made = CollectorProcess(folder / "home", **environment)
    made.home.mkdir()
    try:
        made.start()
        yield made
        assert made.terminate() == 0, made.log()
    finally:
        made.close()
