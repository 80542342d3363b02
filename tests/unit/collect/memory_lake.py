"""A lake writer in memory that keeps the promises of the real one, and can be told to refuse."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from collectors.pipeline.answer import Answer
from collectors.pipeline.commits import Commits
from collectors.pipeline.intake import Intake
from collectors.pipeline.lane import Lane
from collectors.pipeline.request import Request
from collectors.pipeline.spool.frame import Kind
from collectors.pipeline.spool.spool import Spool
from models.domain.errors import Retriable


class MemoryLake:
    """Batches by (writer, number), each stored once. While `locked` is set every call is refused."""

    def __init__(self) -> None:
        self.batches: dict[tuple[str, int], dict[str, pa.Table]] = {}
        self.locked = False
        self.tried = threading.Event()

    def append(self, tables: Mapping[str, pa.Table], writer: str, number: int) -> object:
        self._refuse()
        self.batches.setdefault((writer, number), dict(tables))
        return object()

    def last_number(self, writer: str) -> int:
        self._refuse()
        return max((number for name, number in self.batches if name == writer), default=-1)

    def proven(self, writer: str) -> int:
        return self.last_number(writer)

    def checkpoint(self) -> object:
        return object()

    def maintain(self) -> object:
        return object()

    def close(self) -> None:
        self.tried.clear()

    def rows(self, table: str) -> list[dict[str, Any]]:
        return [
            row for _, tables in sorted(self.batches.items()) if table in tables for row in tables[table].to_pylist()
        ]

    def _refuse(self) -> None:
        self.tried.set()
        if self.locked:
            raise Retriable("the catalogue is locked")


class Desk:
    """An intake with its lane and spool on a memory lake, asked synchronously."""

    def __init__(
        self,
        folder: Any,
        lake: MemoryLake,
        limit: int = 1 << 20,
        spool_limit: int = 64 << 20,
        commit_seconds: float = 0.01,
    ) -> None:
        self.commits = Commits(lambda: lake)
        self.lane = Lane("otlp", Spool(folder, spool_limit), self.commits, commit_seconds)
        self.intake = Intake(self.lane, limit, _settle)
        self.lane.start()
        self.intake.start()

    def ask(
        self, kind: Kind, media: str, body: bytes, encoding: str = "", received_us: int = 1_700_000_000_000_000
    ) -> Answer:
        box: list[Answer] = []
        done = threading.Event()

        def answered(answer: Answer) -> None:
            box.append(answer)
            done.set()

        assert self.intake.submit(Request(kind, media, encoding, body, "test", received_us, answered))
        assert done.wait(20), "no answer within 20 s"
        return box[0]

    def until_ready(self) -> None:
        end = threading.Event()
        while not self.lane.ready:
            end.wait(0.005)

    def stop(self) -> None:
        self.intake.stop(5)
        self.commits.stop()
        self.lane.stop(5)


def _settle(answers: Any) -> None:
    for request, answer in answers:
        request.answer(answer)
