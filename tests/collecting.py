"""Collector processes for these tests; none outlives its test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
