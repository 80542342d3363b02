"""Alerts as a viewer may see them (X10, G1)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.readings.alerts.reading import listed
from app.readings.page import Page
from app.readings.viewer import Viewer
from models.domain.alert import Alert
from models.domain.audience import Audience
from models.journal import Journal
from tests.journals import clock, journal  # noqa: F401

pytestmark = pytest.mark.req("X10", "G1")


def told(kind: str, *entities: str | None, count: int | None = None) -> Alert:
    cases = [{"legal_entity": entity} for entity in entities]
    return Alert(kind, f"{kind} of {entities}", "", {"cases": cases, "count": len(cases) if count is None else count})


def test_who_is_limited_sees_alerts_that_tell_of_their_entities_alone(journal: Journal) -> None:  # noqa: F811
    ops = Audience("ops", ("hook",))
    sent = [
        told("case", "DE"),
        told("case", "DE", "US"),
        told("case", None),
        told("digest", "DE", count=7),
        told("test"),
    ]
    for one in sent:
        journal.alerts.put(ops, one, {})
    stores: Any = SimpleNamespace(journal=journal)

    def titles(*entities: str) -> set[str]:
        viewer = Viewer("ada", frozenset({"operations"}), entities=entities)
        return {row.title for row in listed(stores, viewer, Page(50))}

    assert titles() == {one.title for one in sent}
    assert titles("DE") == {sent[0].title, sent[4].title}
    assert titles("DE", "US") == {sent[0].title, sent[1].title, sent[4].title}
