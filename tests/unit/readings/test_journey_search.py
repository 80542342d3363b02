"""A whole id or key is found by equality alone, so that a trace is as quick beside much history as beside little."""

from __future__ import annotations

from typing import Any

import pytest

from app.readings.journey.question import TraceQuestion
from app.readings.journey.trace import trace
from app.readings.viewer import Viewer

RUN = "5f0c31d2" + "a" * 24


class Lake:
    """Answers what a run and a time entry are called, and keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def rows(self, sql: str, params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        self.asked.append(sql)
        named = {"flow": "time-to-bill", "title": None, "records": 1, "about": "time_entry:TE-1"}
        if "'lineage'" in sql:
            return [{"kind": "run", "key": RUN, **named}]
        known = "'object'" in sql and "time_entry:TE-1" in (params or {}).get("keys", ())
        return [{"kind": "object", "key": "time_entry:TE-1", **named}] if known else []


class Stores:
    def __init__(self) -> None:
        self.lake = Lake()


@pytest.mark.req("O2")
@pytest.mark.parametrize("key", [RUN, RUN.upper(), "TE-1", "time_entry:TE-1"])
def test_a_whole_id_or_key_is_looked_for_in_no_words(key: str) -> None:
    stores = Stores()
    trace(stores, Viewer("viewer", frozenset({"operations"})), TraceQuestion(key=key))  # type: ignore[arg-type]
    assert stores.lake.asked and not any("ILIKE" in sql for sql in stores.lake.asked)


def test_a_part_of_a_name_is_looked_for_in_all_of_them() -> None:
    stores = Stores()
    trace(stores, Viewer("viewer", frozenset({"operations"})), TraceQuestion(key="Halden"))  # type: ignore[arg-type]
    assert any("ILIKE" in sql for sql in stores.lake.asked)
